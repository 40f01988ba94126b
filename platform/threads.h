#pragma once
// Threads of this process and of others. May be called inside a hook: takes no lock, allocates
// nothing and keeps errno.

#include <cstddef>
#include <cstdint>

namespace pymemflow::platform {

std::uint32_t thread_id();
// The value of pthread_self() as a number.
std::uintptr_t thread_self();
// The name that the kernel has for the calling thread, ending with a zero. Linux has 15 bytes.
inline constexpr std::size_t kThreadNameBytes = 64;
struct ThreadName {
  alignas(8) char text[kThreadNameBytes] = {};
};
// False: the system has none, or the program has forbidden the call.
bool find_own_name(ThreadName& name);
// From here on find_own_name() makes no system call.
void forbid_own_name();
// False only when the thread has certainly ended.
bool is_thread_alive(std::uint32_t process, std::uint32_t thread);

}  // namespace pymemflow::platform

#pragma once
// Threads of this process and of others. May be called inside a hook: takes no lock, allocates
// nothing and keeps errno.

#include <cstdint>

namespace pymemflow::platform {

std::uint32_t thread_id();
// The value of pthread_self() as a number.
std::uintptr_t thread_self();
// False only when the thread has certainly ended.
bool is_thread_alive(std::uint32_t process, std::uint32_t thread);

}  // namespace pymemflow::platform

// The values of thread keys, on Linux. glibc describes its structure of a thread to libthread_db by
// variables {bits, elements, offset} for each member. musl has no such variables.

#include "platform/thread_keys.h"

#include <dlfcn.h>
#include <pthread.h>

#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

struct Member {
  std::uint32_t bits;
  std::uint32_t elements;
  std::uint32_t offset;
};

bool is_member(const char* name, std::size_t offset, std::size_t bytes) {
  const auto* const member = static_cast<const Member*>(dlsym(RTLD_DEFAULT, name));
  return member != nullptr && member->offset == offset && member->bits == bytes * 8;
}

}  // namespace

std::size_t find_near_key_values() {
  constexpr std::size_t kBytes = kNearKeys * sizeof(KeyValue);
  if (!is_member("_thread_db_pthread_key_data_seq", offsetof(KeyValue, sequence), 8) ||
      !is_member("_thread_db_pthread_key_data_data", offsetof(KeyValue, value), 8)) {
    return 0;
  }
  const auto* const tables =
      static_cast<const Member*>(dlsym(RTLD_DEFAULT, "_thread_db_pthread_specific"));
  if (tables == nullptr || tables->offset <= kBytes) return 0;
  // The values of the first keys lie in front of the pointers to the tables, of which the first one
  // points to them.
  const std::size_t values = tables->offset - kBytes;
  const std::uintptr_t self = thread_self();
  const auto first = *reinterpret_cast<const std::uintptr_t*>(self + tables->offset);
  return first == self + values ? values : 0;
}

const void* key_value(std::size_t key) {
  return pthread_getspecific(static_cast<pthread_key_t>(key));
}

}  // namespace pymemflow::platform

#include "pyframe/code_death.h"

#include <atomic>

#include "platform/thread_values.h"

namespace pymemflow::pyframe {
namespace {

using Destructor = void (*)(void*);

using Notify = void (*)(const void*);

constinit Destructor original = nullptr;
constinit Notify notify_of_death = nullptr;
constinit std::atomic_flag is_installed = ATOMIC_FLAG_INIT;

// Code objects die inside one another (constants), so they form a chain through the stack.
struct Dying {
  const void* code;
  const Dying* outer;
};

const Dying* dying() {
  return static_cast<const Dying*>(platform::thread_value(platform::ThreadValue::DyingCode));
}
void set_dying(const Dying* innermost) {
  platform::set_thread_value(platform::ThreadValue::DyingCode, const_cast<Dying*>(innermost));
}

void die(void* code) {
  const Dying self{code, dying()};
  notify_of_death(code);
  set_dying(&self);
  original(code);
  set_dying(self.outer);
}

}  // namespace

bool notice_code_deaths(const Interpreter& interpreter, void (*notify)(const void* code)) {
  if (!is_known(interpreter) || notify == nullptr) return false;
  if (is_installed.test_and_set()) return false;
  char* type = static_cast<char*>(const_cast<void*>(interpreter.code_type));
  auto* slot =
      reinterpret_cast<Destructor*>(type + kTypeDealloc + interpreter.layout.header_growth);
  original = *slot;
  if (original == nullptr) return false;
  notify_of_death = notify;
  std::atomic_ref<Destructor>(*slot).store(die, std::memory_order_release);
  return true;
}

bool is_dying(const void* code) {
  for (const Dying* one = dying(); one != nullptr; one = one->outer) {
    if (one->code == code) return true;
  }
  return false;
}

}  // namespace pymemflow::pyframe

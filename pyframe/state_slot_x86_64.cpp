// Decodes the code that compilers generate for `return variable;` on x86-64. The forms are:
//
//   mov rax, [rip+d]; ret                        a variable of the executable (Debian's python3)
//   mov rax, [rip+d]; mov rax, [rax+d]; ret      one of a shared library, by its table of addresses
//   mov rax, fs:[d]; ret                         a thread-local of the executable
//   mov rax, [rip+d]; mov rax, fs:[rax]; ret     one of a library, in the initial-exec model
//   lea rdi, [rip+d]; call __tls_get_addr; mov rax, [rax+d]; ret     in the general or local model
//
// Each may follow `endbr64`, and may be enclosed by instructions that set up a frame or align the
// stack.
//
// The forms of `return variable != NULL;` are:
//
//   mov rax, [rip+d]; test rax, rax; setne al; movzx eax, al; ret
//   mov rax, [rip+d]; mov rax, [rax+d]; test rax, rax; setne al; movzx eax, al; ret
//   mov rax, [rip+d]; cmp qword [rax+d], 0; setne al; movzx eax, al; ret
//   xor eax, eax; cmp qword [rip+d], 0; setne al; ret

#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "pyframe/state_slot.h"

extern "C" void* __tls_get_addr(void* module_and_offset);

namespace pymemflow::pyframe {
namespace {

// Reads instructions one after the other. The getter has at least 16 bytes with its padding, and
// each step reads on only after it has recognized the previous instructions.
class Instructions {
 public:
  template <typename Function>
  explicit Instructions(Function* function)
      : next_(reinterpret_cast<const std::uint8_t*>(function)) {}

  // If these bytes come next, skips them and returns true.
  bool take(std::initializer_list<std::uint8_t> bytes) {
    const std::uint8_t* at = next_;
    for (const std::uint8_t byte : bytes) {
      if (*at++ != byte) return false;
    }
    next_ = at;
    return true;
  }
  std::int32_t take_word() {
    std::int32_t word;
    std::memcpy(&word, next_, sizeof word);
    next_ += sizeof word;
    return word;
  }
  // Reads an address that the instruction gives relative to the next instruction.
  const std::uint8_t* take_relative() {
    const std::int32_t distance = take_word();
    return next_ + distance;
  }
  // mov rax, [rax + displacement]
  bool take_load(std::intptr_t& displacement) {
    displacement = 0;
    if (take({0x48, 0x8b, 0x00})) return true;
    if (take({0x48, 0x8b, 0x40})) {
      displacement = static_cast<std::int8_t>(*next_++);  // NOLINT(bugprone-signed-char-misuse)
      return true;
    }
    if (!take({0x48, 0x8b, 0x80})) return false;
    displacement = take_word();
    return true;
  }
  // cmp qword [rax + displacement], 0
  bool take_comparison(std::intptr_t& displacement) {
    if (take({0x48, 0x83, 0x78})) {
      displacement = static_cast<std::int8_t>(*next_++);  // NOLINT(bugprone-signed-char-misuse)
    } else if (take({0x48, 0x83, 0xb8})) {
      displacement = take_word();
    } else {
      return false;
    }
    return take({0x00});
  }
  bool take_test() { return take({0x48, 0x85, 0xc0}); }
  // Returns whether the comparison before found a difference.
  bool take_difference() { return take({0x0f, 0x95, 0xc0, 0x0f, 0xb6, 0xc0}) && take_return(); }
  void take_branch_target() { take({0xf3, 0x0f, 0x1e, 0xfa}); }  // endbr64
  void take_prologue() {
    take_branch_target();
    if (take({0x55}))
      take({0x48, 0x89, 0xe5});  // push rbp; mov rbp, rsp
    else
      take({0x48, 0x83, 0xec, 0x08});  // sub rsp, 8
  }
  bool take_return() {
    if (!take({0x5d})) take({0x48, 0x83, 0xc4, 0x08});  // pop rbp, or add rsp, 8
    return take({0xc3});
  }

 private:
  const std::uint8_t* next_;
};

template <typename T>
T load(const std::uint8_t* place) {
  T value;
  std::memcpy(&value, place, sizeof value);
  return value;
}

StateSlot in_process(std::intptr_t address) {
  return {StateSlot::Kind::Process, address};
}
StateSlot in_thread(std::intptr_t offset) {
  return {StateSlot::Kind::Thread, offset};
}

// After mov rax, [rip+d], where `place` is what is loaded.
StateSlot after_relative_load(Instructions& code, const std::uint8_t* place) {
  std::intptr_t displacement;
  if (code.take({0x64, 0x48, 0x8b, 0x00})) {  // mov rax, fs:[rax]
    return code.take_return() ? in_thread(load<std::intptr_t>(place)) : StateSlot{};
  }
  if (code.take_load(displacement)) {
    return code.take_return() ? in_process(load<std::intptr_t>(place) + displacement) : StateSlot{};
  }
  return code.take_return() ? in_process(reinterpret_cast<std::intptr_t>(place)) : StateSlot{};
}

// After lea rdi, [rip+d], where `place` is what __tls_get_addr() takes.
StateSlot after_address_of_thread_local(Instructions& code, const std::uint8_t* place) {
  const bool is_direct = code.take({0x66, 0x66, 0x48, 0xe8});
  if (!is_direct && !code.take({0x66, 0x48, 0xff, 0x15}) && !code.take({0xe8})) return {};
  code.take_word();
  std::intptr_t displacement;
  if (!code.take_load(displacement) || !code.take_return()) return {};
  const auto address =
      reinterpret_cast<std::intptr_t>(__tls_get_addr(const_cast<std::uint8_t*>(place)));
  const std::intptr_t offset =
      address + displacement - reinterpret_cast<std::intptr_t>(__builtin_thread_pointer());
  // Thread-locals that were there when the program began lie below the thread pointer. A library
  // that was loaded later has its thread-locals elsewhere, at a different distance in each thread.
  constexpr std::intptr_t kMaxStaticBytes = 64 << 10;
  return -kMaxStaticBytes < offset && offset < 0 ? in_thread(offset) : StateSlot{};
}

}  // namespace

StateSlot find_state_slot(StateGetter getter) {
  Instructions code(getter);
  code.take_prologue();
  if (code.take({0x48, 0x8b, 0x05})) return after_relative_load(code, code.take_relative());
  if (code.take({0x64, 0x48, 0x8b, 0x04, 0x25})) {
    const std::int32_t offset = code.take_word();
    return code.take_return() ? in_thread(offset) : StateSlot{};
  }
  if (code.take({0x66, 0x48, 0x8d, 0x3d}) || code.take({0x48, 0x8d, 0x3d})) {
    return after_address_of_thread_local(code, code.take_relative());
  }
  return {};
}

const void* const* find_tested_variable(int (*test)()) {
  const auto variable_at = [](std::intptr_t address) {
    return reinterpret_cast<const void* const*>(address);
  };
  Instructions code(test);
  code.take_branch_target();
  if (code.take({0x31, 0xc0, 0x48, 0x83, 0x3d})) {  // xor eax, eax; cmp qword [rip+d], 0
    const std::uint8_t* const place = code.take_relative() + 1;
    return code.take({0x00, 0x0f, 0x95, 0xc0}) && code.take_return()
               ? variable_at(reinterpret_cast<std::intptr_t>(place))
               : nullptr;
  }
  if (!code.take({0x48, 0x8b, 0x05})) return nullptr;  // mov rax, [rip+d]
  const std::uint8_t* const place = code.take_relative();
  std::intptr_t displacement;
  if (code.take_test()) {
    return code.take_difference() ? variable_at(reinterpret_cast<std::intptr_t>(place)) : nullptr;
  }
  const bool is_compared =
      code.take_comparison(displacement) || (code.take_load(displacement) && code.take_test());
  return is_compared && code.take_difference()
             ? variable_at(load<std::intptr_t>(place) + displacement)
             : nullptr;
}

const void* const* address_in_thread(std::intptr_t place) {
  return reinterpret_cast<const void* const*>(static_cast<char*>(__builtin_thread_pointer()) +
                                              place);
}

}  // namespace pymemflow::pyframe

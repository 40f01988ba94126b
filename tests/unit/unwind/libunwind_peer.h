#pragma once
// libunwind, opened at run time, for tests that compare walks with its own. An ordinary link would
// make it take over the C++ exceptions of the test.

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <ucontext.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "interpose/unwind/registers.h"

// libunwind's names are macros for names that contain the machine. The second macro expands them.
#define PMF_PEER_NAME(name) PMF_PEER_QUOTED(name)
#define PMF_PEER_QUOTED(name) #name

namespace pymemflow::interpose {

class LibunwindPeer {
 public:
  LibunwindPeer() {
    void* const library = ::dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    const auto bind = [&](auto& function, const char* name) {
      void* const found = ::dlsym(library, name);
      std::memcpy(&function, &found, sizeof function);
      return found != nullptr;
    };
    is_there_ = bind(init_, PMF_PEER_NAME(unw_init_local2)) &&
                bind(step_, PMF_PEER_NAME(unw_step)) && bind(get_, PMF_PEER_NAME(unw_get_reg));
  }

  bool is_there() const { return is_there_; }

  // Makes one step from these registers, as those of an interrupted thread. False: libunwind finds
  // no caller.
  bool step(const Registers& from, Registers& to) {
    Registers interrupted = from;
    --interrupted.pc;
    unw_context_t context = context_of(interrupted);
    unw_cursor_t cursor;
    if (init_(&cursor, &context, UNW_INIT_SIGNAL_FRAME) != 0 || step_(&cursor) <= 0) return false;
    to.pc = value(cursor, UNW_REG_IP);
    to.sp = value(cursor, UNW_REG_SP);
    to.fp = value(cursor, kFp);
    return true;
  }

  // The callers of the code that a signal interrupted. Returns their number; `last_step` is what
  // libunwind answered at the end, 0: the outermost frame.
  std::size_t walk(const ucontext_t& interrupted, std::span<std::uintptr_t> frames,
                   int& last_step) {
    unw_context_t context;
    std::memcpy(&context, &interrupted, sizeof context);
    unw_cursor_t cursor;
    if (init_(&cursor, &context, UNW_INIT_SIGNAL_FRAME) != 0) return 0;
    return walk(cursor, frames, last_step);
  }

  // The callers of the calling function.
  std::size_t walk(const Registers& from, std::span<std::uintptr_t> frames, int& last_step) {
    unw_context_t context = context_of(from);
    unw_cursor_t cursor;
    if (init_(&cursor, &context, 0) != 0) return 0;
    return walk(cursor, frames, last_step);
  }

 private:
  std::size_t walk(unw_cursor_t& cursor, std::span<std::uintptr_t> frames, int& last_step) {
    std::size_t count = 0;
    while (count < frames.size() && (last_step = step_(&cursor)) > 0) {
      frames[count] = value(cursor, UNW_REG_IP);
      if (frames[count] == 0) {
        last_step = 0;
        break;
      }
      ++count;
    }
    return count;
  }

#if defined(__x86_64__)
  static constexpr int kFp = UNW_X86_64_RBP;
  static unw_context_t context_of(const Registers& from) {
    unw_context_t context = {};
    greg_t* const registers = context.uc_mcontext.gregs;
    registers[REG_RIP] = static_cast<greg_t>(from.pc);
    registers[REG_RSP] = static_cast<greg_t>(from.sp);
    registers[REG_RBP] = static_cast<greg_t>(from.fp);
    return context;
  }
#else
  static constexpr int kFp = UNW_AARCH64_X29;
  static unw_context_t context_of(const Registers& from) {
    unw_context_t context = {};
    context.uc_mcontext.pc = from.pc;
    context.uc_mcontext.sp = from.sp;
    context.uc_mcontext.regs[29] = from.fp;
    context.uc_mcontext.regs[30] = from.link;
    return context;
  }
#endif

  std::uintptr_t value(unw_cursor_t& cursor, int number) {
    unw_word_t word = 0;
    get_(&cursor, number, &word);
    return word;
  }

  int (*init_)(unw_cursor_t*, unw_context_t*, int) = nullptr;
  int (*step_)(unw_cursor_t*) = nullptr;
  int (*get_)(unw_cursor_t*, int, unw_word_t*) = nullptr;
  bool is_there_ = false;
};

}  // namespace pymemflow::interpose

#pragma once
// An allocation site as a person names it: a line of a Python function, or an engine caller. Sites
// of the record are instructions, so several of them may have one name. Plain values, for any
// thread.

#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>

#include "capture/stack.h"
#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/base/names.h"

namespace pymemflow::report {

struct SiteName {
  // Of a row that is not a place in code: a module, a thread or a type of call. Else empty.
  String group;

  // The line of a name that stands for a whole function, or, without a function, for a file.
  static constexpr std::int32_t kNoLine = std::numeric_limits<std::int32_t>::min();

  bool has_frame = false;
  // Not Bottom: no function, but a gap in the native part of a stack, and its reason.
  StackEnd missing = StackEnd::Bottom;
  String file;  // co_filename, whole
  String function;
  std::int32_t line = 0;
  // Without a frame: as DTrace's usym() prints it, but without a symbol the offset in the file
  // instead of the address, which differs from run to run. A name that stands for a whole file is
  // its path. People see native_name() instead.
  String caller;
  String module;     // without a frame: the path of the file that called; empty: unknown
  String demangled;  // without a frame: the function as its source has it; empty: as the symbol

  // Without a frame: the file and line of the source, from debug information; empty and 0: unknown.
  String source_file;
  std::int32_t source_line = 0;
  bool is_inlined = false;  // the compiler put the function into the one below it

  // Sites with equal keys are one site.
  auto key() const {
    return std::tie(group, has_frame, file, function, line, caller, source_file, source_line,
                    is_inlined);
  }
  // So that the name stands for the whole function.
  void forget_line() {
    source_file.clear();
    source_line = 0;
  }
};

// The caller of code that is in no file, such as that of a JIT compiler.
inline constexpr std::string_view kInNoFile = "(no file)";

// The parts of the name of a site without a frame.
struct NativeName {
  std::string_view library;   // the path, or only its last part; empty: unknown
  std::string_view function;  // as its source has it; empty: unknown
  std::string_view symbol;    // mangled; empty: the same as the function
  std::string_view offset;    // "0x1a2b", if there is no function
};
NativeName native_name(const SiteName& site);

// Where people read it, a longer function is shortened, and a C function has its file and line.
enum class FunctionText : bool { Whole, Short };

// The one name that every report of ours gives a site: "leak.py:12 make", "strdup (libc.so.6)",
// "load rows.c:20 (librows.so)", "grow rows.h:7 (librows.so, inlined)", "libfoo.so+0x1a2b". Control
// characters are escaped if the names are.
String site_text(const SiteName& site, const Names& names, FunctionText function);
// For people.
String shown_site(const SiteName& site, bool full_file_path);

}  // namespace pymemflow::report

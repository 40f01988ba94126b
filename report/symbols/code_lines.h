#pragma once
// Files, lines and inlined functions of C functions, from their debug information. On Linux that is
// DWARF, in the file itself or beside it: .gnu_debuglink, build ids below /usr/lib/debug, files
// that dwz shares, split DWARF. A helper process reads it by libdw: debug information may be
// damaged or hostile, and then the helper's time, memory or life end, and only lines are missing.
// On macOS no lines are known. Report side, one thread; never in a host.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"
#include "report/symbols/gaps.h"

namespace pymemflow::report {

// A frame of the source code.
struct CodeLine {
  String function;  // as the linker knows it, so it may be mangled; empty: unknown
  String file;
  std::int32_t line = 0;
};

// The lines that a report needs.
struct LinesWanted {
  // By the path of a file of code. Null: no lines at all.
  bool (*is_wanted)(std::string_view path) = nullptr;
  bool may_ask_servers = false;  // for debug information, by debuginfod
};

// A file of code whose debug information is read.
struct DebuggedFile {
  std::string_view path;
  std::string_view debug_link;  // the name in .gnu_debuglink; empty: it has none
  std::string_view build_id;    // bytes
  bool has_own = false;         // has debug information itself
};

class CodeLines {
 public:
  explicit CodeLines(bool may_ask_servers) : may_ask_servers_(may_ask_servers) {}
  ~CodeLines();
  CodeLines(const CodeLines&) = delete;
  CodeLines& operator=(const CodeLines&) = delete;

  // The frames of the instruction at this address of the file, as the file numbers its addresses:
  // the innermost inlined function first, the function itself last. Empty: it is not known.
  Vector<CodeLine> find(const DebuggedFile& file, std::uint64_t address);

  // So far.
  SymbolGaps gaps() const { return gaps_; }

 private:
  bool start();
  void stop();
  bool has_information(const DebuggedFile& file);
  Vector<CodeLine> ask(const DebuggedFile& file, std::uint64_t address);

  [[maybe_unused]] bool may_ask_servers_;
  [[maybe_unused]] int helper_ = -1;     // a socket; -1: there is no helper
  [[maybe_unused]] int process_ = 0;     // the helper's
  static constexpr int kMostStarts = 8;  // each broken file ends a helper
  [[maybe_unused]] int starts_left_ = kMostStarts;
  [[maybe_unused]] std::int64_t time_left_ms_ = 0;
  Map<String, bool> files_;  // by path: whether a helper can be asked
  SymbolGaps gaps_;
};

}  // namespace pymemflow::report

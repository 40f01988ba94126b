#pragma once
// When modules were being imported, found in the order of events alone. The body of a module runs
// once, so everything that its thread did between the body's first and last event was done by the
// import. A body belongs to an import if the event before its first one was in the code of
// importlib; the main program's does not, nor does that of a file on the command line. What a
// module does after its own last event is missed, unless another module's import goes on around it.
// Report side, one thread.

#include <cstdint>
#include <limits>
#include <string_view>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/per_site.h"
#include "report/reader/site.h"

namespace pymemflow::report {

class Imports {
 public:
  // `command_line`: of Facts. With -m the main program comes through importlib too.
  explicit Imports(std::string_view command_line);

  // `number`: of the event, from 1 on, in the order of the record.
  void on_event(const Event& event, const Site& site, std::uint64_t number);

  // Whether the thread was importing a module at that event of its own, as far as is known by now:
  // of an import under way, what came after its body's latest event is not.
  bool covers(std::uint32_t thread, std::uint64_t number);

  // The first event of Python code at all; the largest number there is: there was none yet.
  std::uint64_t first_code() const { return first_code_; }

  // The code of importlib itself.
  static bool is_machinery(const Site& site);

 private:
  enum class Kind : std::uint8_t { Unknown, Machinery, Body, Other };
  struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool is_import = false;
  };
  struct Thread {
    bool is_after_machinery = false;
    Map<std::string_view, Span> bodies;  // by file
    Vector<Span> imports;                // disjoint, in order; once it is asked for
    bool is_sorted = false;              // they are those of the bodies now
  };

  Kind kind_of(const Site& site) const;
  void on_body(Thread& thread, const Site& site, std::uint64_t number);
  static void sort_imports(Thread& thread);

  String main_module_;  // of -m, as a path without its ending; empty: another way to start
  // The last parts of all words: one may be a program that is run, by Python or by a tool, and that
  // is no import though it begin with one.
  Vector<String> words_;
  SiteTable<Kind> kinds_;
  HashMap<std::uint32_t, Thread> threads_;
  std::uint32_t current_ = 0;
  std::uint64_t first_code_ = std::numeric_limits<std::uint64_t>::max();
  Thread* thread_ = nullptr;  // of the number `current_`
};

}  // namespace pymemflow::report

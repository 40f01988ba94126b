#pragma once
// Finds the imports of modules in the order of events. The body of a module runs once, so
// everything that its thread does between the body's first and last event is done by the import. A
// body belongs to an import if the event before its first one was in the code of importlib; the
// body of the main program, or of a file on the command line, does not. Events of a module after
// the last event of its body are missed, unless another import is under way around it. A call stack
// tells an import exactly: it has the body of a module above the code of importlib. Report side,
// one thread.

#include <cstdint>
#include <limits>
#include <string_view>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/names/site.h"
#include "report/reader/per_site.h"

namespace pymemflow::report {

class Imports {
 public:
  // `command_line` is that of Metadata: with -m, importlib loads the main program too.
  explicit Imports(std::string_view command_line);

  // `number` is the event's number in the record, from 1.
  void on_event(const Event& event, const Site& site, std::uint64_t number);

  // Whether the thread was importing a module at that event of its own. An import under way is
  // known up to the latest event of the module's body.
  bool covers(std::uint32_t thread, std::uint64_t number);

  // The number of the first event of Python code; the largest number: there was none yet.
  std::uint64_t first_code() const { return first_code_; }

  // Whether the site is in the code of importlib itself.
  static bool is_machinery(const Site& site);
  // Whether the site is in the body of a module, which is not that of the program. For the frames
  // of a stack.
  bool is_body(SiteId number, const Site& site) {
    Kind& kind = kinds_[number];
    if (kind == Kind::Unknown) kind = kind_of(site);
    return kind == Kind::Body;
  }

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
    Vector<Span> imports;                // disjoint and sorted; made by covers()
    bool is_sorted = false;              // `imports` is up to date with `bodies`
  };

  Kind kind_of(const Site& site) const;
  void on_body(Thread& thread, const Site& site, std::uint64_t number);
  static void sort_imports(Thread& thread);

  String main_module_;  // of -m, as a path without its suffix; empty: there was no -m
  // The base names of all words. Each may be a program that Python or a tool runs, which is not an
  // import though importlib may load it.
  Vector<String> words_;
  PerSite<Kind> kinds_;
  HashMap<std::uint32_t, Thread> threads_;
  std::uint32_t current_ = 0;
  std::uint64_t first_code_ = std::numeric_limits<std::uint64_t>::max();
  Thread* thread_ = nullptr;  // that of `current_`
};

}  // namespace pymemflow::report

#include "interpose/library/domains.h"

#include <iterator>
#include <string_view>

#include "interpose/domains/tables.h"
#include "interpose/library/messages.h"
#include "interpose/recording/recording.h"

namespace pymemflow::interpose {

void record_domains(const pyframe::Interpreter& interpreter, Domains domains) {
  if (domains == Domains::None) return;
  if (!wrap_tables(interpreter, static_cast<unsigned>(domains))) {
    say({"CPython ", interpreter.version,
         " has no tables of its allocators: their calls are not recorded"});
    return;
  }
  recording.on_code_death = [] { look_at_tables(recording.interpreter); };
}

void say_replaced_tables() {
  const unsigned domains = replaced_tables();
  std::string_view names[] = {"raw", "mem", "obj"};
  for (std::size_t domain = 0; domain < std::size(names); ++domain) {
    if ((domains >> domain & 1) == 0) continue;
    say({"the program replaced Python's allocator ", names[domain],
         ": its calls since then are not recorded"});
  }
}

void say_unseen_objects(Domains domains) {
  if (!recording.interpreter.is_free_threaded || domains != Domains::None) return;
  say(
      {"this is a free-threaded CPython: its objects come from an allocator of its own (mimalloc), "
       "not from malloc(), and are shown with --domains alone"});
}

}  // namespace pymemflow::interpose

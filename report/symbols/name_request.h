#pragma once
// A request to another process for the names of addresses, and its answer, as bytes. A traced
// program must not open libelf, so it sends its list of modules and its addresses to the reporter.
// Both sides are the same version of the library, on one machine. Report side, one thread.

#include <cstdint>
#include <functional>
#include <string_view>

#include "report/base/memory.h"
#include "report/names/site.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

struct NameQuestion {
  std::uint64_t address;
  std::uint32_t module;  // as Symbols::name() takes it
};

String write_name_request(const Vector<Module>& modules, const Vector<NameQuestion>& questions);

// Finds the names, in the order of the questions. Empty: the request is malformed.
String answer_name_request(std::string_view request);

struct NameAnswer {
  std::string_view name;  // in the bytes of the answer
  CodeDetails details;
};

// Calls take(index, name) for each name of the answer. False: these are not `count` names; nothing
// was taken.
bool read_name_answer(std::string_view answer, std::size_t count,
                      const std::function<void(std::size_t, NameAnswer)>& take);

}  // namespace pymemflow::report

#pragma once
// Which allocator functions an output speaks of. `compat` leaves out what the D script is blind to.

#include <cstdint>
#include <initializer_list>

#include "interpose/event.h"

namespace pymemflow::report {

class FunctionSet {
 public:
  constexpr FunctionSet(std::initializer_list<interpose::Function> functions) {
    for (const interpose::Function function : functions) bits_ |= bit(function);
  }
  static constexpr FunctionSet all() {
    FunctionSet set = {};
    set.bits_ = (std::uint64_t{1} << interpose::kFunctionCount) - 1;
    return set;
  }

  constexpr bool contains(interpose::Function function) const {
    return (bits_ & bit(function)) != 0;
  }

 private:
  static_assert(interpose::kFunctionCount < 64);
  static constexpr std::uint64_t bit(interpose::Function function) {
    return std::uint64_t{1} << static_cast<unsigned>(function);
  }

  std::uint64_t bits_ = 0;
};

inline constexpr FunctionSet kFunctionsOfDtrace = {
    interpose::Function::malloc, interpose::Function::calloc, interpose::Function::free};
inline constexpr FunctionSet kFunctionsOfDtrace2020 = {interpose::Function::malloc,
                                                       interpose::Function::free};

}  // namespace pymemflow::report

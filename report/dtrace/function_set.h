#pragma once
// A set of allocator functions, to which an output is limited. `compat` leaves out the functions
// that the D script does not see.

#include <cstdint>
#include <initializer_list>

#include "capture/event.h"

namespace pymemflow::report {

class FunctionSet {
 public:
  constexpr FunctionSet(std::initializer_list<Function> functions) {
    for (const Function function : functions) bits_ |= bit(function);
  }
  static constexpr FunctionSet all() {
    FunctionSet set = {};
    set.bits_ = (std::uint64_t{1} << kFunctionCount) - 1;
    return set;
  }

  constexpr bool contains(Function function) const { return (bits_ & bit(function)) != 0; }

 private:
  static_assert(kFunctionCount < 64);
  static constexpr std::uint64_t bit(Function function) {
    return std::uint64_t{1} << static_cast<unsigned>(function);
  }

  std::uint64_t bits_ = 0;
};

inline constexpr FunctionSet kFunctionsOfDtrace = {Function::malloc, Function::calloc,
                                                   Function::free};
inline constexpr FunctionSet kFunctionsOfDtrace2020 = {Function::malloc, Function::free};

}  // namespace pymemflow::report

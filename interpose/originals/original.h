#pragma once
// The original of one hook: the function of the C library, or of another library behind this one,
// that the hook replaces. Constant initialised, and a call costs one load more than a direct call.
// Any thread.

#include <cstddef>

namespace pymemflow::interpose {

template <typename Function>
struct Original;

template <typename Result, typename... Arguments, bool kIsNoexcept>
struct Original<Result (*)(Arguments...) noexcept(kIsNoexcept)> {
  using Function = Result (*)(Arguments...) noexcept(kIsNoexcept);

  // Null: the system has no such function. Until the originals are known, a function that finds
  // them and goes on to the original.
  Function function = nullptr;

  __attribute__((always_inline)) Result operator()(Arguments... arguments) const
      noexcept(kIsNoexcept) {
    return function(arguments...);
  }
  explicit operator bool() const { return function != nullptr; }
};

// A variable list of arguments cannot be passed on, so its hook calls a function that takes an
// array.
template <typename Result, typename... Arguments, bool kIsNoexcept>
struct Original<Result (*)(Arguments..., ...) noexcept(kIsNoexcept)> {};

// Returns the function as a pointer whose type has no attributes: with Clang, a function that does
// not return has a type of its own.
template <typename Result, typename... Arguments, bool kIsNoexcept>
constexpr auto plain(Result (*function)(Arguments...) noexcept(kIsNoexcept)) {
  return function;
}
template <typename Result, typename... Arguments, bool kIsNoexcept>
constexpr auto plain(Result (*function)(Arguments..., ...) noexcept(kIsNoexcept)) {
  return function;
}

// mremap() has one further argument at most. For its type alone: it is called with that argument.
using Remap = void* (*)(void*, std::size_t, std::size_t, int, void*) noexcept;
Remap plain(void* (*function)(void*, std::size_t, std::size_t, int, ...) noexcept);

}  // namespace pymemflow::interpose

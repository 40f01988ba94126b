#pragma once
// The stack of the calling thread, for tests. It allocates, so a test asks before it walks.

#include <pthread.h>

#include "interpose/unwind/walk.h"

namespace pymemflow::interpose {

inline StackRange own_stack() {
  pthread_attr_t attributes;
  void* start = nullptr;
  std::size_t bytes = 0;
  ::pthread_getattr_np(::pthread_self(), &attributes);
  ::pthread_attr_getstack(&attributes, &start, &bytes);
  ::pthread_attr_destroy(&attributes);
  const auto first = reinterpret_cast<std::uintptr_t>(start);
  return {first, first + bytes};
}

}  // namespace pymemflow::interpose

#pragma once
// The dynamic loader's view of this process. Failures are return values, and errno is kept.
// Functions that take the loader's lock must not be called from inside an allocator hook.

#include <cstdint>

namespace pymemflow::platform {

// Removes the message that a failed search leaves for the program's next dlerror().
void forget_loader_error();

// The number of libraries that the loader has added in the life of this process. Takes the loader's
// lock.
std::uint64_t count_added_libraries();

// A library, or the program itself.
struct LoadedLibrary {
  std::uintptr_t start;  // of what is mapped
  std::uintptr_t end;
  const char* name;  // the loader's own text
};
// Calls visit(library, context) for each loaded library, under the conditions of
// visit_definitions(). Linux alone.
void visit_libraries(void (*visit)(const LoadedLibrary& library, void* context), void* context);

// Calls visit(path, address, context) for each loaded library that defines the function `name`,
// including the program itself, whose path is empty. `visit` runs with the loader's lock held and
// must not use the loader. Takes the loader's lock.
void visit_definitions(const char* name,
                       void (*visit)(const char* path, void* address, void* context),
                       void* context);

}  // namespace pymemflow::platform

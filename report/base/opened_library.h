#pragma once
// Opens a shared library for the report side alone (RTLD_LOCAL), and finds its functions.
// report/base/private_library.h says why libraries are not linked. The library is never closed. Any
// thread.

#include <dlfcn.h>

#include <initializer_list>

namespace pymemflow::report {

class OpenedLibrary {
 public:
  // The first of the names that can be opened.
  OpenedLibrary(std::initializer_list<const char*> names) {
    for (const char* const name : names) {
      if (handle_ == nullptr) handle_ = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
  }

  // Null: the library or the function is not there.
  template <class FunctionPointer>
  OpenedLibrary& bind(FunctionPointer& function, const char* name) {
    void* const address = handle_ == nullptr ? nullptr : ::dlsym(handle_, name);
    function = reinterpret_cast<FunctionPointer>(address);
    is_complete_ = is_complete_ && address != nullptr;
    return *this;
  }

  // All functions were found.
  bool is_complete() const { return is_complete_; }

 private:
  void* handle_ = nullptr;
  bool is_complete_ = true;
};

}  // namespace pymemflow::report

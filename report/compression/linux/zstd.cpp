#include "report/compression/zstd.h"

#include <dlfcn.h>
#include <zstd.h>

#include <type_traits>

namespace pymemflow::report {
namespace {

template <class Function>
bool bind(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool open(ZstdFunctions& functions) {
  static_assert(std::is_same_v<decltype(functions.compress), decltype(&ZSTD_compress)>);
  static_assert(std::is_same_v<decltype(functions.decompress), decltype(&ZSTD_decompress)>);
  void* const library = ::dlopen(PMF_ZSTD_SONAME, RTLD_NOW | RTLD_LOCAL);
  return library != nullptr && bind(library, functions.bound, "ZSTD_compressBound") &&
         bind(library, functions.compress, "ZSTD_compress") &&
         bind(library, functions.decompress, "ZSTD_decompress") &&
         bind(library, functions.is_error, "ZSTD_isError");
}

}  // namespace

const ZstdFunctions* zstd_functions() {
  static ZstdFunctions functions;
  static const bool is_here = open(functions);
  return is_here ? &functions : nullptr;
}

}  // namespace pymemflow::report

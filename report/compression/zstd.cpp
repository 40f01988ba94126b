#include "report/compression/zstd.h"

#include "report/base/opened_library.h"

#if __has_include(<zstd.h>)
#  include <zstd.h>

#  include <type_traits>
#endif

namespace pymemflow::report {
namespace {

#ifdef ZSTD_VERSION_NUMBER
static_assert(std::is_same_v<decltype(ZstdFunctions::compress), decltype(&ZSTD_compress)>);
static_assert(std::is_same_v<decltype(ZstdFunctions::decompress), decltype(&ZSTD_decompress)>);
#endif

bool open(ZstdFunctions& functions) {
  return OpenedLibrary({PMF_ZSTD_NAMES})
      .bind(functions.bound, "ZSTD_compressBound")
      .bind(functions.compress, "ZSTD_compress")
      .bind(functions.decompress, "ZSTD_decompress")
      .bind(functions.is_error, "ZSTD_isError")
      .is_complete();
}

}  // namespace

const ZstdFunctions* zstd_functions() {
  static ZstdFunctions functions;
  static const bool is_here = open(functions);
  return is_here ? &functions : nullptr;
}

}  // namespace pymemflow::report

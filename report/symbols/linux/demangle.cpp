// Demangles by libiberty, which is linked: binutils and gdb print their names with it. Its
// functions that take a callback allocate nothing.

#include "report/symbols/demangle.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>

// Its header would declare another basename() than the C library's.
#define HAVE_DECL_BASENAME 1
#include <demangle.h>

namespace pymemflow::report {
namespace {

// The name of a C++ function is printed with tables on the stack, of one entry for each pair of a
// template and a reference to a template's parameter. At most this number: they take 1 MiB.
constexpr std::size_t kMostPairs = 16384;

constexpr int kOptions = DMGL_PARAMS | DMGL_ANSI;

struct Result {
  String text;
  std::jmp_buf too_long;
};

void append(const char* text, std::size_t size, void* opaque) {
  auto& result = *static_cast<Result*>(opaque);
  // A short name can stand for a text that doubles with each of its bytes.
  if (size > kMaxDemangledBytes - result.text.size()) std::longjmp(result.too_long, 1);
  result.text.append(text, size);
}

using Demangle = decltype(&rust_demangle_callback);

bool demangle(Demangle by, const char* symbol, int options, Result& result) {
  if (setjmp(result.too_long) != 0) return false;
  return by(symbol, options, append, &result) != 0 && !result.text.empty();
}

bool has_small_tables(std::string_view symbol) {
  std::size_t references = 0;
  for (std::size_t at = 0; at + 1 < symbol.size(); ++at) {
    const bool is_reference = symbol[at] == 'R' || symbol[at] == 'O';
    if (is_reference && (symbol[at + 1] == 'T' || symbol[at + 1] == 'S')) ++references;
  }
  const auto templates = static_cast<std::size_t>(std::count(symbol.begin(), symbol.end(), 'I'));
  return references * templates <= kMostPairs;
}

}  // namespace

String demangled(std::string_view symbol) {
  if (!symbol.starts_with("_Z") && !symbol.starts_with("_R")) return {};
  if (symbol.size() > kMaxMangledBytes || symbol.find('\0') != std::string_view::npos) return {};
  const String copy(symbol);
  Result result;
  if (demangle(rust_demangle_callback, copy.c_str(), kOptions, result)) return result.text;
  result.text.clear();
  // By default it refuses names of more than 1,024 bytes, because of the depth of its recursion:
  // that takes less than 1 MiB for the longest name that comes here.
  const int options = kOptions | DMGL_NO_RECURSE_LIMIT;
  const bool is_cpp = symbol.starts_with("_Z") && has_small_tables(symbol) &&
                      demangle(cplus_demangle_v3_callback, copy.c_str(), options, result);
  return is_cpp ? result.text : String();
}

}  // namespace pymemflow::report

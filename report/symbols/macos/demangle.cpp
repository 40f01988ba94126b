// Demangles by the C++ library of the system. Rust's older names are names of C++ with a hash at
// their end; its newer ones (_R) stay as they are.

#include "report/symbols/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>

namespace pymemflow::report {
namespace {

constexpr std::size_t kMostBytes = 1024;  // of a name whose length the system's code does not limit

// "::h0123456789abcdef"
constexpr std::size_t kHashBytes = 19;

bool has_hash(std::string_view name) {
  if (name.size() <= kHashBytes) return false;
  const std::string_view hash = name.substr(name.size() - kHashBytes);
  return hash.starts_with("::h") &&
         hash.substr(3).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

String demangled(std::string_view symbol) {
  if (!symbol.starts_with("_Z") || symbol.size() > kMostBytes) return {};
  const String copy(symbol);
  int status = 0;
  char* const text = abi::__cxa_demangle(copy.c_str(), nullptr, nullptr, &status);
  if (text == nullptr) return {};
  std::string_view name(text);
  if (has_hash(name)) name.remove_suffix(kHashBytes);
  String result;
  if (name.size() <= kMaxDemangledBytes) result = name;
  std::free(text);
  return result;
}

}  // namespace pymemflow::report

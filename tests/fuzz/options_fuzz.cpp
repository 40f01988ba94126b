// Reads options from arbitrary environments, and sizes from arbitrary texts. The results are
// compared with facts that are found in another way:
//
//   sizes         the value in 128 bits, of numbers split from their unit by a search
//   paths         absolute, and end with what was given
//   an error      names an entry of the environment, and nothing after it counts
//   given         one line NAME=value per accepted entry
//
//   1 byte        0: the rest is an environment, entries split at newlines; those without a '=' and
//                 those that begin with '_' get the prefix of our variables. Else: a size

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "options/options.h"
#include "options/sizes.h"

namespace pymemflow::interpose {
namespace {

using Large = unsigned __int128;

void require(bool is_so) {
  if (!is_so) std::abort();
}

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::uint64_t kKilo = 1000;
constexpr std::uint64_t kKibi = 1024;
constexpr Unit kUnits[] = {
    {"", 1},
    {"b", 1},
    {"k", kKibi},
    {"kb", kKilo},
    {"kib", kKibi},
    {"m", kKibi* kKibi},
    {"mb", kKilo* kKilo},
    {"mib", kKibi* kKibi},
    {"g", kKibi* kKibi* kKibi},
    {"gb", kKilo* kKilo* kKilo},
    {"gib", kKibi* kKibi* kKibi},
    {"t", kKibi* kKibi* kKibi* kKibi},
    {"tb", kKilo* kKilo* kKilo* kKilo},
    {"tib", kKibi* kKibi* kKibi* kKibi},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Values of more than 64 bits saturate.
Large number(std::string_view digits) {
  Large value = 0;
  for (const char c : digits) {
    if (value >> 64 == 0) value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

bool expected_size(std::string_view text, Large& bytes) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  const std::string_view amount = text.substr(0, end);
  const std::string unit = end == std::string_view::npos ? "" : lower(text.substr(end));
  const std::size_t point = amount.find('.');
  const std::string_view whole = amount.substr(0, point);
  std::string_view part = point == std::string_view::npos ? "0" : amount.substr(point + 1);
  if (whole.empty() || part.empty() || part.size() > 6 || part.find('.') != part.npos) return false;
  Large scale = 1;
  for (std::size_t i = 0; i < part.size(); ++i) scale *= 10;
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    if (number(whole) >> 64 != 0) return false;
    // Bytes have no parts, and a part of a unit is at least a byte.
    if (known.bytes == 1 && point != std::string_view::npos) return false;
    bytes = number(whole) * known.bytes + number(part) * known.bytes / scale;
    const bool is_zero = number(whole) == 0 && number(part) == 0;
    return bytes >> 64 == 0 && (bytes != 0 || is_zero);
  }
  return false;
}

void compare_size(std::string_view text) {
  std::uint64_t bytes = 0;
  Large expected = 0;
  const bool is_size = expected_size(text, expected);
  require(parse_size(text, bytes) == is_size);
  if (is_size) require(bytes == expected);
}

std::vector<std::string> entries_of(std::string_view text) {
  std::vector<std::string> entries;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    // The kernel ends an entry at its first zero byte.
    const std::string entry(text.substr(0, end).substr(0, text.find('\0')));
    const bool is_ours = entry.starts_with('_') || entry.find('=') == entry.npos;
    entries.push_back(is_ours ? "PYMEMFLOW_" + entry.substr(entry.starts_with('_')) : entry);
    text = end == text.npos ? "" : text.substr(end + 1);
  }
  return entries;
}

bool is_given(const std::vector<std::string>& entries, std::string_view text) {
  for (const std::string& entry : entries) {
    if (entry == text) return true;
  }
  return false;
}

void check_path(const std::vector<std::string>& entries, std::string_view path) {
  // "-" is standard output.
  if (path.empty() || path == "-") return;
  require(path[0] == '/');
  bool is_found = false;
  for (const std::string& entry : entries) {
    const std::string_view value = std::string_view(entry).substr(entry.find('=') + 1);
    is_found = is_found || (!value.empty() && path.ends_with(value));
  }
  require(is_found);
}

void check_given(const std::vector<std::string>& entries, std::string_view given) {
  while (!given.empty()) {
    const std::size_t end = given.find('\n');
    require(end != given.npos);
    require(is_given(entries, given.substr(0, end)));
    given.remove_prefix(end + 1);
  }
}

void read(std::vector<std::string> entries) {
  std::vector<char*> environment;
  for (std::string& entry : entries) environment.push_back(entry.data());
  environment.push_back(nullptr);
  Options options;
  if (const OptionError error = read_options(environment.data(), options)) {
    bool is_named = false;
    for (const std::string& entry : entries) {
      is_named = is_named || std::string_view(entry).starts_with(error.variable);
    }
    require(is_named && error.variable.starts_with("PYMEMFLOW_"));
  }
  check_path(entries, options.output);
  check_path(entries, options.capture);
  require(options.attribution <= Attribution::Probe && options.start <= Start::Manual &&
          options.compat <= Compat::Dtrace2020);
  check_given(entries, given_options());
}

}  // namespace
}  // namespace pymemflow::interpose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pymemflow;
  using namespace pymemflow::interpose;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 0 || data[0] == '0') {
    read(entries_of(text));
  } else {
    compare_size(text);
  }
  return 0;
}

#include "cli/gate/baseline.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "cli/commands/commands.h"
#include "cli/console/json.h"

namespace pymemflow::cli {
namespace {

constexpr char kMark[] = "pymemflow-baseline";
constexpr int kVersion = 1;

bool complain_of(const std::string& path, const std::string& what) {
  complain(path + ": " + what);
  return false;
}

std::string system_error() {
  return std::strerror(errno != 0 ? errno : EIO);
}

// A number that is negative or has a fraction would become some other one.
std::uint64_t count_in(const Json& entry, const char* name, bool& is_one) {
  const Json& number = entry.at(name);
  is_one = is_one && number.is_number_unsigned();
  return is_one ? number.get<std::uint64_t>() : 0;
}

}  // namespace

void Baseline::take(const std::string& key, const Entry& entry) {
  Entry& known = places[key];
  known.blocks = std::max(known.blocks, entry.blocks);
  known.bytes = std::max(known.bytes, entry.bytes);
}

bool Baseline::read(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) return complain_of(path, system_error());
  const Json json = Json::parse(file, nullptr, false);
  if (json.is_discarded()) return complain_of(path, "is not JSON");
  bool is_baseline = true;
  try {
    if (json.at(kMark) != kVersion) return complain_of(path, "is a baseline of another version");
    for (const auto& [key, entry] : json.at("places").items()) {
      places[key] = {count_in(entry, "blocks", is_baseline), count_in(entry, "bytes", is_baseline)};
    }
  } catch (const Json::exception&) {
    is_baseline = false;
  }
  return is_baseline || complain_of(path, "is not a baseline of pymemflow");
}

bool Baseline::write(const std::string& path) const {
  Json json = {{kMark, kVersion}, {"places", Json::object()}};
  for (const auto& [key, entry] : places) {
    json["places"][key] = {{"blocks", entry.blocks}, {"bytes", entry.bytes}};
  }
  return write_json(path, json);
}

std::uint64_t with_tolerance(std::uint64_t value, double part) {
  constexpr double kTooMuch = 0x1p63;
  const double more = std::ceil(static_cast<double>(value) * part);
  std::uint64_t sum = 0;
  const bool fits =
      more < kTooMuch && !__builtin_add_overflow(value, static_cast<std::uint64_t>(more), &sum);
  return fits ? sum : UINT64_MAX;
}

bool parse_percentage(const std::string& text, double& part) {
  if (!text.ends_with("%")) return false;
  // Not from_chars(), which not every C++ library has for these numbers; the locale is C's.
  const std::size_t digits = text.size() - 1;
  if (digits == 0 || text.find_first_not_of("0123456789.") != digits) return false;
  char* stop = nullptr;
  part = std::strtod(text.c_str(), &stop) / 100;
  return stop == text.c_str() + digits && part <= 1000;
}

}  // namespace pymemflow::cli

#include "cli/gate/baseline.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "cli/console/files.h"
#include "cli/console/json.h"

namespace pymemflow::cli {
namespace {

constexpr char kMark[] = "pymemflow-baseline";
constexpr std::uint64_t kVersion = 2;
constexpr std::uint64_t kVersionWithPlaces = 1;  // still read; it calls the sites "places"

// None: a number is missing, negative, or has a fraction.
std::optional<Baseline::Entry> read_entry(const JsonView& entry) {
  const std::optional<JsonView> blocks = entry.find("blocks");
  const std::optional<JsonView> bytes = entry.find("bytes");
  if (!blocks || !bytes || !blocks->count() || !bytes->count()) return std::nullopt;
  return Baseline::Entry{*blocks->count(), *bytes->count()};
}

}  // namespace

void Baseline::accept(const std::string& key, const Entry& entry) {
  Entry& known = sites[key];
  known.blocks = std::max(known.blocks, entry.blocks);
  known.bytes = std::max(known.bytes, entry.bytes);
}

Error Baseline::read(const std::string& path) {
  std::string text;
  if (Error error = read_file(path, text)) return error;
  const std::optional<Json> json = Json::parse(text);
  if (!json) return Error(path + ": is not JSON");
  Error wrong(path + ": is not a baseline of pymemflow");
  const std::optional<JsonView> version = json->view().find(kMark);
  if (!version) return wrong;
  const bool has_places = version->count() == kVersionWithPlaces;
  if (!has_places && version->count() != kVersion) {
    return Error(path + ": is a baseline of another version");
  }
  const std::optional<JsonView> entries = json->view().find(has_places ? "places" : "sites");
  const auto members = entries ? entries->members() : std::nullopt;
  if (!members) return wrong;
  for (const auto& [key, value] : *members) {
    const std::optional<Entry> entry = read_entry(value);
    if (!entry) return wrong;
    sites[key] = *entry;
  }
  return {};
}

Error Baseline::write(const std::string& path) const {
  Json entries = Json::object();
  for (const auto& [key, entry] : sites) {
    entries.set(key, Json::object().set("blocks", entry.blocks).set("bytes", entry.bytes));
  }
  const Json json = Json::object().set(kMark, kVersion).set("sites", std::move(entries));
  return write_file(path, json.text() + "\n");
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
  // Not every C++ library has from_chars() for floating point. strtod() is safe: the locale is C's.
  const std::size_t digits = text.size() - 1;
  if (digits == 0 || text.find_first_not_of("0123456789.") != digits) return false;
  char* stop = nullptr;
  part = std::strtod(text.c_str(), &stop) / 100;
  return stop == text.c_str() + digits && part <= 1000;
}

}  // namespace pymemflow::cli

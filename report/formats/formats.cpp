#include "report/formats/formats.h"

namespace pymemflow::report {
namespace {

enum class Needs : bool { Anything, EveryEvent };

constexpr FormatName kFormats[] = {
#define PMF_FORMAT(name, needs, sentence) {#name, Needs::needs == Needs::EveryEvent},
#include "report/formats/formats.def"
#undef PMF_FORMAT
};

}  // namespace

std::span<const FormatName> format_names() {
  return kFormats;
}

Format format_of(std::string_view name) {
  for (std::size_t row = 0; row < std::size(kFormats); ++row) {
    if (kFormats[row].name == name) return static_cast<Format>(row);
  }
  return Format{};
}

}  // namespace pymemflow::report

#include "pyframe/layouts/versions.h"

namespace pymemflow::pyframe {
namespace {

#define PMF_FIELDS(...) __VA_ARGS__
#define PMF_PYTHON(major_, minor_, frame_, published_, trace_)     \
  {.frame = {.major = major_, .minor = minor_, PMF_FIELDS frame_}, \
   .published = {PMF_FIELDS published_},                           \
   .trace = {PMF_FIELDS trace_}},
constexpr Version kVersions[] = {
#include "pyframe/layouts/versions.def"
};
#undef PMF_PYTHON
#undef PMF_FIELDS

}  // namespace

std::span<const Version> known_versions() {
  return kVersions;
}

const Version* find_version(int major, int minor) {
  for (const Version& version : kVersions) {
    if (version.frame.major == major && version.frame.minor == minor) return &version;
  }
  return nullptr;
}

}  // namespace pymemflow::pyframe

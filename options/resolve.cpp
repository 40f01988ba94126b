#include "options/resolve.h"

#include <algorithm>
#include <cstring>

namespace pymemflow {
namespace {

// A sentence that is put together without allocating; cut where it is too long.
class Sentence {
 public:
  std::string_view make(std::initializer_list<std::string_view> parts) {
    used_ = 0;
    for (const std::string_view part : parts) append(part);
    return view();
  }
  void append(std::string_view part) {
    const std::size_t size = std::min(part.size(), sizeof text_ - used_);
    std::memcpy(text_ + used_, part.data(), size);
    used_ += size;
  }
  std::string_view view() const { return {text_, used_}; }

 private:
  char text_[512] = {};
  std::size_t used_ = 0;
};
constinit Sentence subject;
constinit Sentence problem;

const FormatName* find_format(std::span<const FormatName> formats, std::string_view name) {
  if (name.empty()) return &formats.front();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [=](const FormatName& format) { return format.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

OptionError unknown_format(std::span<const FormatName> formats, std::string_view name) {
  problem.make({"is not one of "});
  for (const FormatName& format : formats) {
    if (&format != &formats.front()) problem.append("|");
    problem.append(format.name);
  }
  return {subject.make({"format ", name}), problem.view()};
}

OptionError needs_every_event(const FormatName& format, const RecordingOptions& recording) {
  const std::string_view reason =
      recording.ring != 0
          ? "needs every event, but a ring (--ring, PYMEMFLOW_RING) keeps only the last ones"
          : "needs every event, but only sums are kept (--no-flow, PYMEMFLOW_FLOW=0)";
  return {subject.make({"format ", format.name}),
          problem.make({reason, "; leave one of them out"})};
}

}  // namespace

OptionError resolve(const Options& options, std::span<const FormatName> formats,
                    RecordingOptions& recording, ReportOptions& report) {
#define PMF_COPY(to, field) to.field = options.field;
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  PMF_IF_RECORDING_##use(PMF_COPY(recording, field)) PMF_IF_REPORT_##use(PMF_COPY(report, field))
#include "options/options.def"
#undef PMF_OPTION
#undef PMF_COPY
  // The D script's output is made of what its probes would have seen.
  if (options.compat != Compat::None) recording.attribution = Attribution::Probe;
  const FormatName* const format = find_format(formats, options.format);
  if (format == nullptr) return unknown_format(formats, options.format);
  report.format = format->name;
  if (format->needs_every_event && !recording.keeps_every_event()) {
    return needs_every_event(*format, recording);
  }
  return {};
}

}  // namespace pymemflow

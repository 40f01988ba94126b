// The format csv: a row for each call, with a heading, as RFC 4180 has it. Marks have no rows.

#include <fmt/core.h>

#include <iterator>

#include "report/base/names.h"
#include "report/formats/replay.h"
#include "report/rows/call_rows.h"

namespace pymemflow::report {
namespace {

constexpr std::string_view kHeading =
    "event,after_ns,thread,call,bytes,address,released,file,line,function,library\n";

constexpr Names kWhole = {.full_file_path = true};

// In quotes if the text would not be one field without them.
void append_field(String& text, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    text += field;
    return;
  }
  text += '"';
  for (const char c : field) text.append(c == '"' ? 2 : 1, c);
  text += '"';
}

class CsvRows final : public CallRows {
 public:
  using CallRows::CallRows;

 private:
  void append_call(String& text, const RowMoment& moment, const Event& call,
                   const String& site) override {
    const FunctionTraits& function = traits(call.function);
    const auto end = std::back_inserter(text);
    fmt::format_to(end, "{},{},{},{},", moment.event, moment.after_ns, moment.thread,
                   function.name);
    if (function.effect != Effect::Release) {
      fmt::format_to(end, "{},{:#x}", call.size_bytes(), call.result);
    } else {
      text += ',';
    }
    text += ',';
    if (function.effect != Effect::Allocate) fmt::format_to(end, "{:#x}", call.arguments[0]);
    text += site;
  }

  void append_mark(String& /*text*/, const RowMoment& /*moment*/,
                   std::string_view /*name*/) override {}

  String site_columns(const SiteName& site) const override {
    String text(1, ',');
    if (site.has_frame) {
      append_field(text, shown_file(kWhole, site.file));
      fmt::format_to(std::back_inserter(text), ",{},", site.line);
      append_field(text, shown_function(kWhole, site.function));
      return text += ",\n";
    }
    const NativeName native = native_name(site);
    text += ",,";
    append_field(text,
                 shown_function(kWhole, native.function.empty() ? native.offset : native.function));
    text += ',';
    append_field(text, shown_file(kWhole, native.library));
    return text += '\n';
  }
};

}  // namespace

void write_csv(Replay& replay, const FormatOptions& options) {
  replay.output().write(kHeading);
  CsvRows rows(replay.output(), replay.symbols(), options.started_ns, options.limit);
  replay.stream({&rows});
}

}  // namespace pymemflow::report

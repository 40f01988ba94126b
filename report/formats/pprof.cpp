// The format pprof: the call stacks of a profile as `go tool pprof` and the servers of continuous
// profilers read them (profile.proto of github.com/google/pprof), compressed by gzip where libz is
// there. Samples are written as they are made; what they refer to follows.

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "report/deflate/deflate.h"
#include "report/formats/replay.h"
#include "report/rows/missing_callers.h"
#include "report/rows/rows.h"
#include "report/rows/stable_sort.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {
namespace {

// A message of protocol buffers: fields one after the other. By ourselves, since protozero does not
// compile without exceptions, which the library is built without.
class Message {
 public:
  Message& number(std::uint32_t field, std::uint64_t value) {
    add(std::uint64_t{field} << 3);
    add(value);
    return *this;
  }
  Message& bytes(std::uint32_t field, std::string_view value) {
    add(std::uint64_t{field} << 3 | 2);
    add(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(std::uint32_t field, const Message& value) { return bytes(field, value.bytes_); }
  template <typename Numbers>
  Message& packed(std::uint32_t field, const Numbers& numbers) {
    Message values;
    for (const std::uint64_t each : numbers) values.add(each);
    return message(field, values);
  }
  const String& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  void add(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  String bytes_;
};

// The numbers of profile.proto.
namespace profile_field {
enum : std::uint32_t {
  kSampleType = 1,
  kSample,
  kMapping,
  kLocation,
  kFunction,
  kString,
  kTime = 9,
  kPeriodType = 11,
  kPeriod,
  kComment,
  kDefaultSampleType
};
}  // namespace profile_field

// The counts of a sample, in the order of Go's heap profiles, and those of the metric if they are
// none of these.
struct SampleType {
  std::string_view name;
  std::string_view unit;
};
constexpr SampleType kTypes[] = {{"alloc_objects", "count"},
                                 {"alloc_space", "bytes"},
                                 {"inuse_objects", "count"},
                                 {"inuse_space", "bytes"}};

struct MetricType {
  Metric metric;
  std::string_view blocks;
  std::string_view bytes;  // empty: none are counted
};
constexpr MetricType kMetricTypes[] = {{Metric::Leaked, "leaked_objects", "leaked_space"},
                                       {Metric::Temporary, "temporary_objects", ""},
                                       {Metric::Peak, "peak_objects", "peak_space"},
                                       {Metric::Mapped, "mapped_ranges", "mapped_space"}};

class Pprof {
 public:
  Pprof(const Profile& profile, const FormatOptions& options, Output& output)
      : profile_(profile), tree_(profile.tree), options_(options), output_(output) {
    text(std::string_view());  // the first string of a profile
    static_cast<void>(mapping(first_word(profile.process.command_line)));
    for (const SampleType& type : kTypes) types_.push_back(type);
    for (const MetricType& row : kMetricTypes) {
      if (row.metric != options.metric) continue;
      types_.push_back({row.blocks, "count"});
      if (!row.bytes.empty()) types_.push_back({row.bytes, "bytes"});
    }
  }

  void write(const RecordCounts& counts) {
    write_head(counts);
    write_samples();
    write_rest();
    if (zip_.is_ready()) {
      zip_.finish();
      output_.write(zipped_);
    }
  }

 private:
  // Everything is written in pieces of this size.
  static constexpr std::size_t kPiece = std::size_t{1} << 16;

  static std::string_view first_word(std::string_view command_line) {
    return command_line.substr(0, command_line.find('\0'));
  }

  // The number of a text.
  std::uint64_t text(std::string_view wanted) {
    const auto [found, is_new] = texts_.try_emplace(String(wanted), texts_.size());
    if (is_new) strings_.bytes(profile_field::kString, wanted);
    return found->second;
  }

  // Texts of the program: control characters and bytes that are not UTF-8 are escaped.
  std::uint64_t shown(std::string_view name) {
    return text(shown_file({.full_file_path = true}, name));
  }

  std::uint64_t mapping(std::string_view path) {
    const auto [found, is_new] = mappings_.try_emplace(String(path), mappings_.size() + 1);
    if (is_new) {
      Message message;
      message.number(1, found->second).number(5, shown(path));
      // All names are here, so that pprof looks for none.
      for (const std::uint32_t has : {7U, 8U, 9U, 10U}) message.number(has, 1);
      maps_.message(profile_field::kMapping, message);
    }
    return found->second;
  }

  // pprof shows a name in angle brackets, such as <module>, as <unknown> unless the name of the
  // symbol differs.
  std::uint64_t function(std::string_view name, std::string_view symbol, std::string_view file) {
    String key(name);
    for (const std::string_view part : {symbol, file}) {
      key += '\0';
      key += part;
    }
    const auto [found, is_new] = functions_.try_emplace(std::move(key), functions_.size() + 1);
    if (is_new) {
      String system_name(symbol);
      if (system_name.empty() || system_name == name) {
        system_name = base_name(file);
        system_name += ':';
        system_name += name;
      }
      Message message;
      message.number(1, found->second);
      message.number(2, text(shown_function({.full_file_path = true}, name)));
      message.number(3, shown(system_name)).number(4, shown(file));
      defined_.message(profile_field::kFunction, message);
    }
    return found->second;
  }

  std::uint64_t function_of(const SiteName& frame) {
    if (frame.has_frame) return function(frame.function, {}, frame.file);
    const NativeName native = native_name(frame);
    if (!native.function.empty()) {
      const std::string_view file = frame.source_line != 0 ? frame.source_file : frame.module;
      return function(native.function, native.symbol, file);
    }
    return function(site_text(frame, {.escape = false}, FunctionText::Whole), {}, frame.module);
  }

  // The location of frames by the numbers of their names, the innermost first: a function, and
  // before it those that are inlined in it.
  std::uint64_t location(const Vector<std::uint32_t>& names) {
    const auto [found, is_new] = locations_.try_emplace(names, locations_.size() + 1);
    if (!is_new) return found->second;
    const SiteName& outermost = tree_.name(names.back());
    const bool is_in_library = !outermost.has_frame && !outermost.module.empty();
    const std::uint64_t in = is_in_library ? mapping(outermost.module) : 1;
    Vector<std::pair<std::uint64_t, std::int32_t>> lines;
    for (const std::uint32_t name : names) {
      const SiteName& frame = tree_.name(name);
      lines.emplace_back(function_of(frame), frame.has_frame ? frame.line : frame.source_line);
    }
    Message message;
    message.number(1, found->second).number(2, in);
    for (const auto& [number, line] : lines) {
      Message each;
      each.number(1, number);
      if (line > 0) each.number(2, static_cast<std::uint64_t>(line));
      message.message(4, each);
    }
    places_.message(profile_field::kLocation, message);
    return found->second;
  }

  // The outermost location of a stack whose callers are missing.
  std::uint64_t missing(StackEnd end) {
    const auto [found, is_new] = missing_.try_emplace(static_cast<int>(end), 0);
    if (!is_new) return found->second;
    // No frame has this number, so that the location is none of location().
    const Vector<std::uint32_t> key = {tree_.names() + static_cast<std::uint32_t>(end)};
    found->second = locations_.try_emplace(key, locations_.size() + 1).first->second;
    Message line;
    line.number(1, function(missing_callers(end), {}, {}));
    Message message;
    message.number(1, found->second).number(2, 1).message(4, line);
    places_.message(profile_field::kLocation, message);
    return found->second;
  }

  void write_head(const RecordCounts& counts) {
    for (const SampleType& type : types_) {
      samples_.message(profile_field::kSampleType, kind(type.name, type.unit));
    }
    samples_.number(profile_field::kTime, profile_.process.started_ns);
    samples_.message(profile_field::kPeriodType, kind("space", "bytes"));
    samples_.number(profile_field::kPeriod, 1);
    samples_.number(profile_field::kDefaultSampleType, text(default_type()));
    for (const String& line : comments(counts)) {
      samples_.number(profile_field::kComment, shown(line));
    }
  }

  Message kind(std::string_view name, std::string_view unit) {
    Message message;
    message.number(1, text(name)).number(2, text(unit));
    return message;
  }

  std::string_view default_type() const {
    if (options_.metric == Metric::Total) return "alloc_space";
    return types_.back().name;
  }

  Vector<String> comments(const RecordCounts& counts) const {
    Vector<String> lines;
    String command = profile_.process.command_line;
    std::replace(command.begin(), command.end(), '\0', ' ');
    if (command.ends_with(' ')) command.pop_back();
    lines.push_back("pymemflow: " + command);
    const auto add = [&](std::string_view what, std::string_view words) {
      lines.emplace_back(what);
      lines.back() += words;
    };
    add("inuse: bytes ", words_of(Metric::Live, options_.view));
    add("alloc: bytes ", words_of(Metric::Total, options_.view));
    if (types_.size() > std::size(kTypes)) {
      add(types_.back().name, ": " + counted_words(options_.metric, options_.view));
    }
    String& record = lines.emplace_back();
    fmt::format_to(std::back_inserter(record),
                   "record: {} events, {} lost, {} overwritten, damaged in {}", counts.recorded,
                   counts.lost, counts.overwritten, counts.damaged);
    return lines;
  }

  void write_samples() {
    Vector<std::pair<std::uint64_t, const StackStats*>> samples;
    for (const StackStats& stack : profile_.stacks) {
      samples.emplace_back(weight_of(stack, options_.metric), &stack);
    }
    stable_sort(samples, [](const auto& a, const auto& b) { return a.first > b.first; });
    if (options_.limit != 0 && options_.limit < samples.size()) samples.resize(options_.limit);
    for (const auto& [weight, stack] : samples) write_sample(*stack);
  }

  void write_sample(const StackStats& stack) {
    const Amount amounts[] = {stack.totals.allocated, stack.totals.live,
                              amount_of(stack, options_.metric)};
    Vector<std::uint64_t> values;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      values.push_back(i % 2 == 0 ? amounts[i / 2].blocks : amounts[i / 2].bytes);
    }
    if (std::count(values.begin(), values.end(), 0U) == std::ssize(values)) return;
    Message sample;
    sample.packed(1, locations_of(stack.node)).packed(2, values);
    samples_.message(profile_field::kSample, sample);
    flush(samples_);
  }

  // From the innermost one on.
  Vector<std::uint64_t> locations_of(CallNode stack) {
    Vector<std::uint64_t> locations;
    Vector<std::uint32_t> names;
    CallNode node = stack;
    for (; has_frame(node); node = tree_.parent(node)) {
      names.push_back(tree_.name_of(node));
      // In an inverted stack the function that was inlined comes first, as a location of its own.
      const bool is_part = tree_.frame(node).is_inlined && !options_.is_inverted;
      if (is_part && has_frame(tree_.parent(node))) continue;
      locations.push_back(location(names));
      names.clear();
    }
    const auto end = static_cast<StackEnd>(node);
    const bool is_whole = missing_callers(end).empty() || is_native_alone(tree_, stack);
    if (!is_whole) locations.push_back(missing(end));
    if (options_.is_inverted) std::reverse(locations.begin(), locations.end());
    return locations;
  }

  void write_rest() {
    for (Message* const part : {&samples_, &places_, &defined_, &maps_, &strings_}) {
      flush(*part, 0);
    }
  }

  // Writes the fields and removes them, once there are enough.
  void flush(Message& part, std::size_t enough = kPiece) {
    if (part.bytes().size() < enough) return;
    if (zip_.is_ready()) {
      zip_.add(part.bytes());
      output_.write(zipped_);
      zipped_.clear();
    } else {
      output_.write(part.bytes());
    }
    part.clear();
  }

  const Profile& profile_;
  const CallTree& tree_;
  const FormatOptions& options_;
  Output& output_;
  String zipped_;
  Deflate zip_{Wrapping::Gzip, zipped_};
  Vector<SampleType> types_;
  // The fields of the profile, which may follow each other in any order.
  Message samples_;
  Message places_;
  Message defined_;
  Message maps_;
  Message strings_;
  HashMap<String, std::uint64_t, StringHash> texts_;
  HashMap<String, std::uint64_t, StringHash> mappings_;
  HashMap<String, std::uint64_t, StringHash> functions_;
  Map<Vector<std::uint32_t>, std::uint64_t> locations_;
  Map<int, std::uint64_t> missing_;
};

}  // namespace

void write_pprof(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  Pprof(profile, options, replay.output()).write(replay.counts());
}

}  // namespace pymemflow::report

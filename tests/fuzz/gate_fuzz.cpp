// Feeds arbitrary bytes to the readers and writers of the gate. The first byte selects one of
// three:
//
//   s   the rest is a file of suppressions; each of its patterns is compared with sites
//   b   the rest is a baseline; an accepted one keeps its order under any tolerance
//   n   the rest is names, split at zero bytes: file, function or caller, mark. The suppression
//       that the gate offers for a site suppresses it, and the outputs contain no byte that a
//       terminal or a reader of XML would obey

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console/site_names.h"
#include "cli/gate/baseline.h"
#include "cli/gate/gate.h"
#include "cli/gate/outputs.h"
#include "cli/gate/selection.h"

namespace pymemflow::cli {

namespace {

void require(bool is_so) {
  if (!is_so) std::abort();
}

// A file of these bytes, without a name.
class File {
 public:
  explicit File(std::string_view content) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    require(file_ >= 0);
    require(::write(file_, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(file_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }
  std::string content() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  int file_;
};

report::SiteName python_place(std::string_view file, std::string_view function) {
  report::SiteName place;
  place.has_frame = true;
  place.file = file;
  place.function = function;
  place.line = 3;
  return place;
}

report::SiteName engine_place(std::string_view caller) {
  report::SiteName place;
  place.caller = caller;
  place.module = "/usr/lib/libsomething.so";
  return place;
}

void read_suppressions(std::string_view content) {
  const File file(content);
  Selection selection;
  require(!selection.read_suppressions(file.path()));
  selection.takes(python_place("/tmp/some/leak.py", "make"));
  selection.takes(python_place(content.substr(0, 200), content.substr(content.size() / 2)));
  selection.takes(engine_place("libsomething.so`make_thing"));
  selection.unused();
}

void read_baseline(std::string_view content) {
  const File file(content);
  Baseline baseline;
  if (baseline.read(file.path())) return;
  for (const auto& [key, entry] : baseline.sites) {
    for (const double part : {0.0, 0.05, 1000.0}) {
      require(with_tolerance(entry.bytes, part) >= entry.bytes);
    }
  }
  double part = 0;
  if (parse_percentage(std::string(content), part)) require(part >= 0 && part <= 1000);
}

// The line that the gate offers, pasted into a file.
void check_suppression(const report::SiteName& place) {
  const File file(suppression_for(place) + "\n");
  Selection selection;
  require(!selection.read_suppressions(file.path()));
  require(!selection.takes(place));
  require(selection.unused().empty());
}

// One byte after another: no control character, no C1 control, nothing that XML forbids.
void check_text(std::string_view text, bool is_xml) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    require(byte >= ' ' || byte == '\n');
    require(byte != 0x7f);
    const std::string_view rest = text.substr(i);
    require(!(byte == 0xc2 && rest.size() > 1 && (rest[1] & 0xe0) == 0x80));
    if (is_xml) require(!rest.starts_with("\xef\xbf\xbe") && !rest.starts_with("\xef\xbf\xbf"));
  }
}

Verdict verdict_on(const std::vector<report::SiteName>& places, std::string_view name) {
  ProcessVerdict process;
  process.use.process = 4711;
  process.use.command_line = name;
  for (const report::SiteName& place : places) process.leaks.push_back({place, 2000, 1, 5});
  const report::SteadyGrowth grows = {true, report::Confidence::High, {2000, 2000, 2000}, 5};
  process.growth = {std::string(name), 5, 0, grows, {}};
  for (const report::SiteName& place : places) {
    process.growth.sites.push_back({.site = place, .bytes = grows, .blocks = grows});
  }
  process.findings.push_back({&kLimits[0], 2000, 10, "leaks at " + shown(places.front()), {}});
  Verdict verdict;
  verdict.processes.push_back(process);
  return verdict;
}

void write_names(std::string_view content) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t end = content.find('\0');
    names.push_back(content.substr(0, end));
    content = end == content.npos ? "" : content.substr(end + 1);
  }
  std::vector<report::SiteName> places = {python_place(names[0], names[1])};
  // Each file and each function has a name, even if it is one of no characters; a caller has one.
  if (!names[0].empty()) places.push_back(engine_place(names[0]));
  for (const report::SiteName& place : places) check_suppression(place);
  const Verdict verdict = verdict_on(places, names[2]);
  for (const OutputRow& output : kOutputs) {
    check_text(output.text(verdict), output.text == junit_output);
  }
  check_text(text_output(verdict, nullptr), false);
}

}  // namespace
}  // namespace pymemflow::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pymemflow::cli;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 's') read_suppressions(rest);
  if (data[0] == 'b') read_baseline(rest);
  if (data[0] == 'n') write_names(rest);
  return 0;
}

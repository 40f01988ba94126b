#include "report/maker/report_file.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "capture/block.h"
#include "report/base/names.h"
#include "report/base/output_path.h"

namespace pymemflow::report {
namespace {

constexpr unsigned kMostNames = 1000;

bool is_number_asked(const ReportOptions& options) {
  return options.asked.output.find("%p") != std::string_view::npos;
}

bool has_number(const ReportOptions& options) {
  return options.is_of_forked_child || is_number_asked(options);
}

bool identify(const char* path, MadeReport& made) {
  struct stat facts {};
  if (::lstat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  made = {.device = static_cast<std::uint64_t>(facts.st_dev),
          .inode = static_cast<std::uint64_t>(facts.st_ino),
          .bytes = static_cast<std::uint64_t>(facts.st_size),
          .changed_s = static_cast<std::uint64_t>(facts.st_mtime),
          .checksum = 0};
  return true;
}

void say_other_name(const ReportOptions& options, const String& asked, const String& given) {
  if (options.standard_error < 0) return;
  constexpr Names kWhole = {.full_file_path = true};
  Output line(options.standard_error);
  line.write("pymemflow: ");
  line.write(shown_file(kWhole, asked));
  line.write(" already exists and is kept: the report is in ");
  line.write(shown_file(kWhole, given));
  line.write("\n");
}

}  // namespace

String report_path(const ReportOptions& options, pid_t process) {
  const std::string_view name = options.asked.output;
  String path = expanded_path(name, process);
  const bool is_numbered = name.find("%p") != std::string_view::npos;
  if (options.is_of_forked_child && !is_numbered && !takes_several_reports(path.c_str())) {
    fmt::format_to(std::back_inserter(path), ".{}", process);
  }
  return path;
}

void ReportFile::open(std::optional<Output>& output, const ReportOptions& options) {
  const String asked = report_path(options, process_);
  for (unsigned number = 0; number <= kMostNames; ++number) {
    String path = asked;
    if (number == 1 && has_number(options)) continue;
    if (number >= 1 && !has_number(options)) {
      fmt::format_to(std::back_inserter(path), ".{}", process_);
    }
    if (number >= 2) fmt::format_to(std::back_inserter(path), ".{}", number);
    const bool is_earlier = is_earlier_report(path.c_str());
    output.emplace(path.c_str(), OutputRules{.is_replaced = is_earlier, .is_new = !is_earlier});
    if (output->error() == EEXIST) continue;
    if (output->error() != 0) return;
    // A user who asks for the process id in the name expects a report of each image. A forked child
    // has no earlier one.
    const bool is_expected = is_number_asked(options) && !options.is_of_forked_child &&
                             is_of_earlier_image(asked.c_str());
    if (number > 0 && !is_earlier && !is_expected) say_other_name(options, asked, path);
    if (descriptor_in(path) < 0) path_ = std::move(path);
    return;
  }
}

void ReportFile::note() const {
  MadeReport made{};
  if (path_.empty() || !identify(path_.c_str(), made)) return;
  made.checksum = checksum_of(made);
  // If it fails, a second report gets a name of its own.
  static_cast<void>(::pwrite(capture_, &made, sizeof made, off_t{kMadeReportOffset}));
}

bool ReportFile::is_earlier_report(const char* path) const {
  MadeReport made{};
  MadeReport now{};
  const ssize_t bytes = ::pread(capture_, &made, sizeof made, off_t{kMadeReportOffset});
  if (bytes != ssize_t{sizeof made} || made.inode == 0 || !identify(path, now)) return false;
  return made.device == now.device && made.inode == now.inode && made.bytes == now.bytes &&
         made.changed_s == now.changed_s;
}

bool ReportFile::is_of_earlier_image(const char* path) const {
  struct stat facts {};
  return ::lstat(path, &facts) == 0 && S_ISREG(facts.st_mode) &&
         times_.is_of_earlier_image(changed_ns(facts));
}

}  // namespace pymemflow::report

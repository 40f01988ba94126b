#include "cli/doctor/doctor_checks.h"

#include <algorithm>
#include <vector>

#include "capture/record.h"
#include "cli/platform/doctor.h"
#include "cli/platform/platform.h"
#include "pyframe/layouts/versions.h"

namespace pymemflow::cli::doctor {
namespace {

const std::string kVariable = platform::kPreloadVariable;

constexpr const char* kGiveMoreTime =
    "Give it more time with --timeout, or look for what keeps it from ending.";

std::string version_text(const pyframe::FrameLayout& layout) {
  return std::to_string(layout.major) + "." + std::to_string(layout.minor);
}

std::string use_known_python() {
  const auto known = pyframe::known_versions();
  return "Use a released CPython from " + version_text(known.front().frame) + " to " +
         version_text(known.back().frame) + ", or a newer pymemflow.";
}

std::string of(int part, int whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

// The line of the text that contains the word; empty: there is none.
std::string line_with(const std::string& said, std::string_view word) {
  const std::size_t found = said.find(word);
  if (found == std::string::npos) return {};
  const std::size_t newline = said.rfind('\n', found);
  const std::size_t start = newline == std::string::npos ? 0 : newline + 1;
  return said.substr(start, said.find('\n', found) - start);
}

std::string last_line(std::string said) {
  while (!said.empty() && said.back() == '\n') said.pop_back();
  constexpr std::size_t kMost = 200;
  return said.substr(said.rfind('\n') + 1, kMost);
}

std::string end_of(const Probe& about) {
  if (about.is_killed) {
    return "it did not end within " + std::to_string(about.seconds) + " s and was killed";
  }
  std::string text = "it ended with exit code " + std::to_string(about.status);
  if (!about.said.empty()) text += ": " + last_line(about.said);
  return text;
}

Finding check_program(const Probe& about) {
  const ProgramFile& file = about.asked;
  if (file.path.empty()) {
    return {Verdict::Nothing, file.asked + ": " + file.problem, "Give the path of a Python."};
  }
  if (!file.problem.empty()) {
    return {Verdict::Nothing, file.path + ": " + file.problem,
            "Give the path of a Python interpreter."};
  }
  if (!file.interpreter.empty()) {
    std::string text = file.path + ": a script, run by " + file.interpreter;
    if (about.has_python()) text += ", which starts " + about.python.path;
    return {Verdict::Fine, text};
  }
  return {Verdict::Fine, file.path};
}

Finding check_machine(const Probe& about) {
  const platform::ProgramImage& image = about.python.image;
  if (!image.is_read) return {};
  if (image.is_for_us) return {Verdict::Fine, image.machine};
  return {
      Verdict::Nothing,
      "it is built for " + image.machine + ", and this pymemflow for " + platform::own_machine(),
      "Use a pymemflow that is built for that machine."};
}

Finding check_loader(const Probe& about) {
  const platform::ProgramImage& image = about.python.image;
  return image.is_read ? platform::judge_loader(image.loader) : Finding{};
}

// The protection at this index of the system's list.
template <std::size_t index>
Finding check_protection(const Probe& about) {
  if (index >= about.protections.size()) return {};
  const platform::Protection& found = about.protections[index];
  const std::string text = found.name + ": " + found.state + "; " + found.meaning;
  if (found.prevents_tracing) return {Verdict::Nothing, text, found.advice};
  return {found.advice.empty() ? Verdict::Fine : Verdict::Note, text, found.advice};
}

Finding check_rights(const Probe& about) {
  const std::string& rights = about.python.extra_rights;
  const bool is_secure = about.answer("secure") == "1";
  if (is_secure) {
    return {Verdict::Nothing,
            "it runs with more privileges than its caller (" +
                (rights.empty() ? "given by a program that starts it" : rights) +
                "), so the loader ignores " + kVariable,
            "Trace a copy without these privileges (cp " + about.python.path +
                " python3-to-trace), or run it as a user who has them."};
  }
  if (!rights.empty()) {
    return {
        Verdict::Note,
        rights + ": it can be traced by this user; for other users the loader ignores " + kVariable,
        "Other users can trace a copy without these privileges."};
  }
  return {Verdict::Fine, "the same as its caller's"};
}

// "release build, 3.11.2 (main, …), in /usr/lib/libpython3.11.so.1.0".
std::string build_text(const Probe& about) {
  const std::string version(about.answer("version"));
  std::string text = "CPython " + version.substr(0, version.find(' '));
  text += about.answer("debug") == "1" ? ", debug build" : ", release build";
  if (about.answer("traces-references") == "1") text += ", traces references";
  if (about.answer("flags").find('t') != std::string_view::npos) text += ", free-threaded";
  if (!about.has_capture) return text;
  return text + (about.interpreter.empty() ? ", linked into " + about.python.path
                                           : ", in " + about.interpreter);
}

Finding check_python(const Probe& about) {
  if (!about.has_python() && about.is_killed) {
    return {Verdict::Nothing, "it gave no answer: " + end_of(about), kGiveMoreTime};
  }
  if (!about.has_python()) {
    return {Verdict::Nothing, "it is not a Python: " + end_of(about),
            "Give the path of a Python interpreter."};
  }
  if (about.answer("implementation") != "cpython") {
    return {Verdict::Nothing,
            std::string(about.answer("implementation")) +
                ": pymemflow reads the frames of CPython only",
            "Use CPython."};
  }
  if (about.has_untraced) {
    return {Verdict::Nothing,
            build_text(about) + ", which runs alone, but not with the library: " + end_of(about),
            {}};
  }
  if (!line_with(about.said, " is not supported (too old)").empty()) {
    return {Verdict::Nothing, build_text(about) + ": too old for this version of pymemflow",
            use_known_python()};
  }
  if (about.is_killed) {
    return {Verdict::Partly, build_text(about) + ", but " + end_of(about), kGiveMoreTime};
  }
  return {Verdict::Fine, build_text(about)};
}

std::vector<std::string> allocators_of(const Probe& about) {
  std::vector<std::string> files;
  for (std::size_t at = 0, end; at < about.allocators.size(); at = end + 1) {
    end = std::min(about.allocators.find('\n', at), about.allocators.size());
    files.push_back(about.allocators.substr(at, end - at));
    if (files.back().empty()) files.back() = about.python.path;
  }
  return files;
}

Finding why_not_preloaded(const Probe& about) {
  const std::string refused = line_with(about.said, "cannot be preloaded");
  if (!refused.empty()) {
    return {Verdict::Nothing, "the loader refused the library: " + refused,
            "Use a build of pymemflow for this system."};
  }
  const std::string ours = line_with(about.said, "pymemflow: ");
  if (!ours.empty()) return {Verdict::Nothing, "the library reported: " + ours, {}};
  if (about.answer("preload").find(platform::kLibraryName) == std::string_view::npos) {
    return {Verdict::Nothing, kVariable + " was removed or changed before this Python started",
            "Check whether " + about.asked.path + " sets it, or clears the environment."};
  }
  return {
      Verdict::Nothing, "the library was not loaded, or recorded nothing; " + end_of(about), {}};
}

Finding check_preload(const Probe& about) {
  if (!about.has_python() || about.has_untraced || about.answer("secure") == "1") return {};
  const std::string stopped = line_with(about.said, "pymemflow: recording stopped");
  if (!about.has_capture && !stopped.empty()) {
    return {Verdict::Nothing, stopped.substr(11),
            "Raise the limit of file sizes (ulimit -f), or free space in the folder for temporary "
            "files."};
  }
  if (!about.has_capture) return why_not_preloaded(about);
  const bool all_seen = about.library.made != 0 && about.library.seen == about.library.made;
  return platform::judge_allocators(allocators_of(about), all_seen);
}

Finding check_frames(const Probe& about) {
  if (!about.has_capture) return {};
  const bool is_known = about.layout == kKnownLayout || about.layout == kPublishedLayout;
  const std::string said = line_with(about.said, "pymemflow: CPython");
  if (!is_known || !said.empty()) {
    return {Verdict::Partly,
            "events have no Python line: " + (said.empty() ? about.layout : said.substr(11)),
            use_known_python()};
  }
  const int seen = about.large.seen + about.library.seen;
  const int on_line = about.large.on_line + about.library.on_line;
  const std::string source = about.layout == kKnownLayout
                                 ? "the known layout of this version"
                                 : "the layout published by this interpreter";
  if (seen == 0) return {Verdict::Partly, source + "; there was no event to check it with"};
  const std::string checked =
      source + "; checked on live frames: " + of(on_line, seen) + " events are on the right line";
  if (on_line != seen) return {Verdict::Partly, checked, "Please report this build as a bug."};
  return {Verdict::Fine, checked};
}

Finding check_c_memory(const Probe& about) {
  if (!about.has_capture) return {};
  const Measure& library = about.library;
  if (library.made == 0) return {Verdict::Note, "this Python has no function to check this with"};
  const std::string seen =
      of(library.seen, library.made) + " allocations of the C library were seen";
  if (library.seen == library.made) return {Verdict::Fine, seen};
  return {library.seen == 0 ? Verdict::Nothing : Verdict::Partly, seen};
}

Finding check_objects(const Probe& about) {
  if (!about.has_capture) return {};
  const Measure& small = about.small;
  const Measure& large = about.large;
  std::string name(about.answer("allocator"));
  const bool is_free_threaded = about.answer("flags").find('t') != std::string_view::npos;
  if (name.empty() && is_free_threaded) name = "mimalloc";
  const std::string start = name.empty() ? "" : name + ": ";
  const std::string counts = of(small.seen, small.made) + " small objects and " +
                             of(large.seen, large.made) + " large ones were seen";
  if (large.seen == 0) {
    return {
        Verdict::Partly,
        start + counts + "; their memory comes directly from the system, not from malloc()",
        is_free_threaded
            ? "To see them, trace a build with a GIL: a free-threaded build has no option for it."
            : "To see them, run it with PYTHONMALLOC=malloc."};
  }
  if (large.seen != large.made) return {Verdict::Partly, start + counts};
  if (small.seen == small.made) return {Verdict::Fine, start + counts};
  return {
      Verdict::Note,
      start + counts + "; objects of up to 512 bytes come from arenas: the growth of these is seen",
      "To see each small object, run it with PYTHONMALLOC=malloc."};
}

Finding check_forks(const Probe& about) {
  return about.has_capture ? platform::judge_forks() : Finding{};
}

Finding check_memory_reads(const Probe& about) {
  return about.has_capture ? platform::judge_memory_reads() : Finding{};
}

Finding check_symbols(const Probe& about) {
  return about.has_capture ? platform::judge_symbols() : Finding{};
}

constexpr Check kChecks[] = {
    {"program", check_program},
    {"machine", check_machine},
    {"loader", check_loader},
    // On macOS: System Integrity Protection, the hardened runtime, library validation.
    {"system", check_protection<0>},
    {"hardened", check_protection<1>},
    {"libraries", check_protection<2>},
    {"rights", check_rights},
    {"python", check_python},
    {"preload", check_preload},
    {"frames", check_frames},
    {"C memory", check_c_memory},
    {"objects", check_objects},
    {"forks", check_forks},
    {"reads", check_memory_reads},
    {"symbols", check_symbols},
};

}  // namespace

std::span<const Check> checks() {
  return kChecks;
}

}  // namespace pymemflow::cli::doctor

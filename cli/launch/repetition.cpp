#include "cli/launch/repetition.h"

#include <algorithm>
#include <string_view>

namespace pymemflow::cli {
namespace {

// Works from Python 3.6 on. Its arguments are the number of times, the kind of program (the part
// after a / is for report/replay/imports.cpp, which takes the name of a file on the command line
// for that of a program), the program, and its arguments. The names of a round end with it.
constexpr char kRunner[] = R"(
def repeat():
    import ctypes, gc, os, runpy, sys
    times, kind, program = int(sys.argv[1]), sys.argv[2].split('/')[0], sys.argv[3]
    words, mark = sys.argv[4:], ctypes.CDLL(None).pymemflow_mark
    if kind == 'script':
        sys.path[0] = program if os.path.isdir(program) else os.path.dirname(os.path.abspath(program))
    def run():
        sys.argv = [program if kind != 'text' else '-c'] + words
        if kind == 'script':
            runpy.run_path(program, run_name='__main__')
        elif kind == 'module':
            runpy.run_module(program, run_name='__main__', alter_sys=True)
        else:
            exec(compile(program, '<string>', 'exec'), {'__name__': '__main__'})
    def round():
        try:
            run()
        except SystemExit as end:
            if end.code not in (None, 0):
                raise
    # The cache of methods keeps names that a program made up, in thousands of places.
    clear = getattr(sys, '_clear_internal_caches', None) or getattr(sys, '_clear_type_cache', int)
    def begin():
        gc.collect()
        clear()
        mark(b'repetition')
    for _ in range(times):
        begin()
        round()
    begin()
repeat()
)";
static_assert(std::string_view(kRunner).find(kRepeatedMark) != std::string_view::npos);

bool is_named_python(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return name.starts_with("python");
}

// Whether the next word is the value of this option of Python.
bool takes_value(std::string_view option) {
  return option == "-W" || option == "-X" || option == "--check-hash-based-pycs";
}

std::string file_of_module(std::string module) {
  return module.substr(module.rfind('.') + 1) + ".py";
}

}  // namespace

Error repeat(std::vector<std::string>& words, std::uint64_t times) {
  const Error wrong(
      "--repeat needs a Python program: python3 [OPTION]... script.py, -m MODULE or -c TEXT");
  if (words.empty() || !is_named_python(words.front())) return wrong;
  std::size_t at = 1;
  while (at < words.size() && words[at].size() > 1 && words[at][0] == '-' &&
         !words[at].starts_with("-m") && !words[at].starts_with("-c")) {
    at += takes_value(words[at]) ? 2 : 1;
  }
  if (at >= words.size() || words[at] == "-") return wrong;
  std::string kind = "script";
  std::string program = words[at];
  std::size_t used = 1;
  if (program[0] == '-') {
    const bool is_module = program[1] == 'm';
    const bool is_joined = program.size() > 2;
    if (!is_joined && at + 1 >= words.size()) return wrong;
    program = is_joined ? program.substr(2) : words[at + 1];
    kind = is_module ? "module/" + file_of_module(program) : "text";
    used = is_joined ? 1 : 2;
  }
  const auto place = words.erase(words.begin() + static_cast<std::ptrdiff_t>(at),
                                 words.begin() + static_cast<std::ptrdiff_t>(at + used));
  const std::string inserted[] = {"-c", kRunner, std::to_string(times), kind, program};
  words.insert(place, std::begin(inserted), std::end(inserted));
  return {};
}

}  // namespace pymemflow::cli

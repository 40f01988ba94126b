#include "report/base/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tests/unit/captured_output.h"

namespace pymemflow::report {
namespace {

class Folder {
 public:
  Folder() { path_ = mkdtemp(template_); }
  ~Folder() { EXPECT_EQ(std::system(("rm -r " + path_).c_str()), 0); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  char template_[32] = "/tmp/pymemflow-test-XXXXXX";
  std::string path_;
};

struct Pipe {
  int reader = -1;
  int writer = -1;
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    reader = ends[0];
    writer = ends[1];
  }
};

bool is_pending(int signal_number) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, signal_number) == 1;
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Output, WritesWhatItWasGivenInOrder) {
  CapturedOutput captured;
  std::string expected;
  for (int i = 0; i < 100000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    captured.output().write(line);
    expected += line;
  }
  const std::string long_text(3 * Output::kBufferBytes + 1, 'x');
  captured.output().write(long_text);
  captured.output().write("end");
  EXPECT_EQ(captured.text(), expected + long_text + "end");
  EXPECT_EQ(captured.output().error(), 0);
}

TEST(Output, ToAClosedPipeIsAnErrorAndNoSignal) {
  ASSERT_EXIT(
      {
        signal(SIGPIPE, SIG_DFL);
        Pipe pipe;
        close(pipe.reader);
        Output output(pipe.writer);
        output.write("text");
        const bool is_right = !output.flush() && output.error() == EPIPE && !is_pending(SIGPIPE);
        std::_Exit(is_right ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Output, LeavesASignalThatWasPendingBefore) {
  ASSERT_EXIT(
      {
        sigset_t pipe_signal;
        sigemptyset(&pipe_signal);
        sigaddset(&pipe_signal, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
        raise(SIGPIPE);
        Pipe pipe;
        close(pipe.reader);
        Output output(pipe.writer);
        output.write("text");
        output.flush();
        std::_Exit(output.error() == EPIPE && is_pending(SIGPIPE) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Output, OverTheSizeLimitOfFilesIsAnErrorAndNoSignal) {
  ASSERT_EXIT(
      {
        signal(SIGXFSZ, SIG_DFL);
        rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 1000;
        setrlimit(RLIMIT_FSIZE, &limit);
        CapturedOutput captured;
        captured.output().write(std::string(2000, 'x'));
        captured.output().flush();
        std::_Exit(captured.output().error() == EFBIG && !is_pending(SIGXFSZ) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Output, ToAFullDiskIsAnErrorThatIsKept) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  Output output("/dev/full");
  EXPECT_EQ(output.error(), 0);
  output.write("text");
  EXPECT_FALSE(output.flush());
  EXPECT_EQ(output.error(), ENOSPC);
  output.write("more");
  EXPECT_FALSE(output.close());
  EXPECT_EQ(output.error(), ENOSPC);
}

TEST(Output, IntoAFolderThatIsNotThereIsAnError) {
  Output output("/nowhere/at/all/report.txt");
  EXPECT_EQ(output.error(), ENOENT);
  output.write(std::string(2 * Output::kBufferBytes, 'x'));
  EXPECT_FALSE(output.close());
}

TEST(Output, FilesAreForTheirOwnerAlone) {
  const Folder folder;
  const std::string path = folder / "report.txt";
  std::ofstream(path) << "what was there before";
  ASSERT_EQ(unlink(path.c_str()), 0);
  const mode_t before = umask(0);
  {
    Output output(path.c_str());
    output.write("text");
    EXPECT_TRUE(output.close());
  }
  umask(before);
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(contents(path), "text");
  { Output truncating(path.c_str()); }
  EXPECT_EQ(contents(path), "");
}

TEST(Output, ReplacesAFileByRename) {
  const Folder folder;
  const std::string path = folder / "report.txt";
  std::ofstream(path) << "old";
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  std::ifstream open_before(path);
  {
    Output output(path.c_str(), {.is_replaced = true});
    output.write("new");
    output.flush();
    EXPECT_EQ(contents(path), "old");
    EXPECT_TRUE(output.close());
  }
  EXPECT_EQ(contents(path), "new");
  std::string seen;
  open_before >> seen;
  EXPECT_EQ(seen, "old");
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(Output, ANewFileReplacesNothing) {
  const Folder folder;
  std::ofstream(folder / "file") << "precious";
  ASSERT_EQ(mkdir((folder / "folder").c_str(), 0700), 0);
  ASSERT_EQ(symlink("file", (folder / "link").c_str()), 0);
  ASSERT_EQ(symlink("nothing", (folder / "dangling").c_str()), 0);
  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  for (const char* const name : {"file", "link", "dangling", "loop"}) {
    Output output((folder / name).c_str(), {.is_new = true});
    EXPECT_EQ(output.error(), EEXIST) << name;
  }
  EXPECT_EQ(Output((folder / "folder").c_str(), {.is_new = true}).error(), EISDIR);
  EXPECT_EQ(contents(folder / "file"), "precious");
  EXPECT_NE(access((folder / "nothing").c_str(), F_OK), 0);
  EXPECT_EQ(Output("/dev/null", {.is_new = true}).error(), 0);
}

TEST(Output, ToADescriptorAppendsToWhatIsThere) {
  const Folder folder;
  const std::string path = folder / "file";
  const int file = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(write(file, "before ", 7), 7);
  for (const bool is_new : {false, true}) {
    Output output(("/dev/fd/" + std::to_string(file)).c_str(),
                  {.is_replaced = !is_new, .is_new = is_new});
    output.write("text ");
    EXPECT_TRUE(output.close());
  }
  ASSERT_EQ(write(file, "after", 5), 5);
  close(file);
  EXPECT_EQ(contents(path), "before text text after");
}

TEST(Output, ACaptureThatCameMeanwhileStays) {
  const Folder folder;
  const std::string path = folder / "file";
  Output output(path.c_str(), {.is_replaced = true});
  output.write("text");
  std::ofstream(path) << "PYMFLOW1";
  EXPECT_FALSE(output.close());
  EXPECT_EQ(output.error(), EEXIST);
  EXPECT_EQ(contents(path), "PYMFLOW1");
}

TEST(Output, AnErrorLeavesTheOldFileAndNothingElse) {
  const Folder folder;
  const std::string path = folder / "report.txt";
  std::ofstream(path) << "old";
  ASSERT_EXIT(
      {
        rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 1000;
        setrlimit(RLIMIT_FSIZE, &limit);
        bool is_closed = true;
        {
          Output output(path.c_str(), {.is_replaced = true});
          output.write(std::string(2000, 'x'));
          is_closed = output.close();
        }
        std::_Exit(is_closed ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(rmdir((folder / "").c_str()), -1);
  EXPECT_EQ(std::system(("test $(ls " + (folder / "") + " | wc -l) = 1").c_str()), 0);
}

TEST(Output, NeverWritesToWhatIsBeingRead) {
  const Folder folder;
  const std::string path = folder / "file";
  std::ofstream(path) << "precious";
  const int reading = open(path.c_str(), O_RDONLY);
  ASSERT_EQ(link(path.c_str(), (folder / "hard").c_str()), 0);
  ASSERT_EQ(symlink(path.c_str(), (folder / "soft").c_str()), 0);
  for (const char* const name : {"file", "hard", "soft"}) {
    for (const bool is_replaced : {false, true}) {
      Output output((folder / name).c_str(), {.reading = reading, .is_replaced = is_replaced});
      EXPECT_EQ(output.error(), EEXIST) << name;
      EXPECT_FALSE(output.close());
    }
  }
  close(reading);
  EXPECT_EQ(contents(path), "precious");
}

TEST(Output, WaitsForADescriptorThatDoesNotBlock) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.writer, F_SETFL, O_NONBLOCK), 0);
  std::string text;
  while (text.size() < 1 << 20) text += std::to_string(text.size()) + " ";
  std::string received;
  std::thread reader([&] {
    char part[1000];
    ssize_t size = 0;
    while ((size = read(pipe.reader, part, sizeof(part))) > 0) {
      received.append(part, static_cast<std::size_t>(size));
    }
  });
  {
    Output output(pipe.writer);
    output.write(text);
    EXPECT_TRUE(output.flush());
  }
  close(pipe.writer);
  reader.join();
  EXPECT_EQ(received, text);
}

TEST(Output, ClosesADescriptorThatIsItsOwn) {
  const int lowest_free = dup(STDERR_FILENO);
  close(lowest_free);
  { Output output("/dev/null"); }
  const int lowest_free_after = dup(STDERR_FILENO);
  close(lowest_free_after);
  EXPECT_EQ(lowest_free_after, lowest_free);
}

TEST(Output, LeavesADescriptorThatIsNotItsOwnOpen) {
  Pipe pipe;
  { Output output(pipe.writer); }
  EXPECT_GE(fcntl(pipe.writer, F_GETFD), 0);
}

TEST(ExpandedPath, KnowsTheProcessId) {
  EXPECT_EQ(expanded_path("report-%p.txt", 42), "report-42.txt");
  EXPECT_EQ(expanded_path("%%p%p%", 42), "%p42%");
  EXPECT_EQ(expanded_path("%d", 42), "%d");
  EXPECT_EQ(expanded_path("", 42), "");
}

}  // namespace
}  // namespace pymemflow::report

// Tests the contract of cli/platform, which is the same on every system. Runs on the system that it
// is built for; cross-builds compile it only.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/platform/other_process.h"
#include "cli/platform/platform.h"
#include "cli/platform/program_image.h"
#include "cli/platform/protections.h"

namespace pymemflow::cli::platform {
namespace {

namespace fs = std::filesystem;

const std::string kOwnPath = own_folder() + "/command_platform_test";

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "pymemflow_test.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string beginning_of(const std::string& path, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::ifstream(path, std::ios::binary).read(text.data(), static_cast<std::streamsize>(bytes));
  return text;
}

TEST(CommandPlatform, KnowsItsOwnFolder) {
  EXPECT_TRUE(fs::exists(kOwnPath)) << kOwnPath;
}

TEST(CommandPlatform, NamesWhatIsPutFirst) {
  EXPECT_NE(std::string(kPreloadVariable), "");
  EXPECT_TRUE(std::string(kLibraryName).starts_with("libpymemflow."));
  EXPECT_NE(std::string(kNotInPreload).find(':'), std::string::npos);
}

TEST(CommandPlatform, ReadsPrograms) {
  const ProgramImage own = read_program_image(kOwnPath);
  EXPECT_TRUE(own.is_program && own.is_read && own.is_for_us);
  EXPECT_EQ(own.machine, own_machine());
  EXPECT_TRUE(own.loader.starts_with("/")) << own.loader;
  EXPECT_FALSE(read_program_image("/no/such/file").is_program);
  Folder folder;
  write(folder.path("text"), "import this\n");
  EXPECT_FALSE(read_program_image(folder.path("text")).is_program);
  write(folder.path("empty"), "");
  EXPECT_FALSE(read_program_image(folder.path("empty")).is_program);
}

// A program that is truncated within its headers may be unreadable, but never names a bad loader.
TEST(CommandPlatform, ReadsDamagedPrograms) {
  Folder folder;
  const std::string path = folder.path("cut");
  for (std::size_t bytes = 1; bytes < 2048; bytes += 13) {
    write(path, beginning_of(kOwnPath, bytes));
    const ProgramImage image = read_program_image(path);
    EXPECT_TRUE(image.loader.empty() || image.loader.starts_with("/")) << bytes;
    EXPECT_TRUE(image.is_program || !image.is_read) << bytes;
  }
}

// Returns the entry of the list that is this file; null if there is none.
const OpenFile* find(const std::vector<OpenFile>& files, int file) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return nullptr;
  const auto found = std::find_if(files.begin(), files.end(), [&](const OpenFile& each) {
    return each.inode == facts.st_ino && each.device == static_cast<std::uint64_t>(facts.st_dev);
  });
  return found == files.end() ? nullptr : &*found;
}

TEST(CommandPlatform, OpensFilesOfAProcess) {
  Folder folder;
  const std::string path = folder.path("file");
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::pwrite(file, "abcd", 4, 8188), 4);
  std::vector<OpenFile> files;
  ASSERT_TRUE(list_open_files(::getpid(), files));
  const OpenFile* const found = find(files, file);
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(found->has_path);
  EXPECT_EQ(found->bytes, 8192U);
  const int again = open_again(*found);
  ASSERT_GE(again, 0);
  ASSERT_EQ(::pwrite(again, "X", 1, 8189), 1);
  char text[4];
  ASSERT_EQ(::pread(file, text, sizeof text, 8188), 4);
  EXPECT_EQ(std::string(text, 4), "aXcd");
  ::close(again);
  // Another file of the same name is refused.
  OpenFile other = *found;
  ++other.inode;
  EXPECT_EQ(open_again(other), -1);
  // A deleted file is opened again as the same file, or reported as unreachable.
  ASSERT_EQ(::unlink(path.c_str()), 0);
  write(path, "another file");
  files.clear();
  ASSERT_TRUE(list_open_files(::getpid(), files));
  const OpenFile* const nameless = find(files, file);
  ASSERT_NE(nameless, nullptr);
  if (nameless->has_path) {
    const int reached = open_again(*nameless);
    ASSERT_GE(reached, 0);
    EXPECT_EQ(::pread(reached, text, sizeof text, 8188), 4);
    ::close(reached);
  }
  ::close(file);
  uid_t owner = ~uid_t{0};
  EXPECT_TRUE(find_owner(::getpid(), owner));
  EXPECT_EQ(owner, ::geteuid());
}

TEST(CommandPlatform, SaysWhyAProcessCannotBeLookedAt) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  std::vector<OpenFile> files;
  errno = 0;
  EXPECT_FALSE(list_open_files(child, files));
  EXPECT_EQ(errno, ESRCH);
  EXPECT_FALSE(has_library(child, kLibraryName));
}

TEST(CommandPlatform, FindsLoadedLibraries) {
  EXPECT_TRUE(has_library(::getpid(), "command_platform_test"));
  EXPECT_FALSE(has_library(::getpid(), kLibraryName));
}

TEST(CommandPlatform, SaysWhatIsInTheWay) {
  EXPECT_EQ(reason_not_traceable({kOwnPath}), "");
  EXPECT_EQ(reason_not_traceable({"no-such-program-anywhere"}), "");
  EXPECT_EQ(reason_not_traceable({}), "");
  for (const Protection& each : protections({kOwnPath})) {
    EXPECT_FALSE(each.prevents_tracing) << each.name << ": " << each.meaning;
    EXPECT_TRUE(each.state == "on" || each.state == "off" || each.state == "unknown");
  }
}

volatile std::sig_atomic_t terminal_says = -1;
void note(int, siginfo_t* facts, void*) {
  terminal_says = is_from_terminal(*facts) ? 1 : 0;
}

// Runs in the foreground of its own terminal. The exit code has a bit for each kind of signal that
// was recognized: 1 for kill(), 2 for the terminal's.
[[noreturn]] void be_interrupted(const char* terminal, int ready) {
  ::setsid();
  const int file = ::open(terminal, O_RDWR);
  ::ioctl(file, TIOCSCTTY, 0);
  ::tcsetpgrp(file, ::getpgrp());
  struct sigaction action {};
  action.sa_sigaction = note;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGINT, &action, nullptr);
  int right = 0;
  ::kill(::getpid(), SIGINT);
  if (terminal_says == 0) right |= 1;
  terminal_says = -1;
  if (::write(ready, "r", 1) != 1) ::_exit(64);
  for (int looks = 0; looks < 1000 && terminal_says < 0; ++looks) ::usleep(10'000);
  if (terminal_says == 1) right |= 2;
  ::_exit(right);
}

TEST(CommandPlatform, KnowsATerminalsSignals) {
  const int driver = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (driver < 0) GTEST_SKIP() << "there are no terminals here";
  ASSERT_TRUE(::grantpt(driver) == 0 && ::unlockpt(driver) == 0);
  const std::string terminal = ::ptsname(driver);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) be_interrupted(terminal.c_str(), ready[1]);
  ::close(ready[1]);
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(::write(driver, "\3", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3) << "1: a kill() was told right, 2: the terminal's";
  ::close(driver);
  ::close(ready[0]);
}

}  // namespace
}  // namespace pymemflow::cli::platform

// The memory limit of control groups (platform/linux/memory_limit.h), by files as the kernel writes
// them.

#include "platform/linux/memory_limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pymemflow::platform {
namespace {

namespace fs = std::filesystem;

class MemoryLimit : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/memory_limit_test.XXXXXX";
    root = ::mkdtemp(name);
  }
  void TearDown() override { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
  void be_in(const std::string& groups, const std::string& mounts) const {
    write("/proc/self/cgroup", groups);
    write("/proc/self/mountinfo", "22 27 0:20 / /sys rw,nosuid - sysfs sysfs rw\n" + mounts +
                                      "90 27 0:50 / /tmp rw - tmpfs tmpfs rw\n");
  }
  std::uint64_t limit() const { return find_memory_limit(root); }

  std::string root;
};

constexpr const char* kVersion2 =
    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kVersion1 =
    "31 22 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "32 22 0:28 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n";

TEST_F(MemoryLimit, NumbersAndWords) {
  EXPECT_EQ(parse_memory_limit("104857600\n"), 104857600U);
  EXPECT_EQ(parse_memory_limit("0\n"), 0U);
  EXPECT_EQ(parse_memory_limit("max\n"), kNoMemoryLimit);
  EXPECT_EQ(parse_memory_limit("9223372036854771712\n"), kNoMemoryLimit);  // version 1: none
  EXPECT_EQ(parse_memory_limit("18446744073709551616\n"), kNoMemoryLimit);
  for (const char* wrong : {"", "\n", "-1\n", "12 MB\n", "x"}) {
    EXPECT_EQ(parse_memory_limit(wrong), kNoMemoryLimit) << wrong;
  }
}

TEST_F(MemoryLimit, NoGroups) {
  EXPECT_EQ(limit(), kNoMemoryLimit);
  be_in("", "");
  EXPECT_EQ(limit(), kNoMemoryLimit);
}

TEST_F(MemoryLimit, Version2) {
  be_in("0::/system.slice/a.service\n", kVersion2);
  EXPECT_EQ(limit(), kNoMemoryLimit);  // there is no such file in the root group
  write("/sys/fs/cgroup/system.slice/a.service/memory.max", "max\n");
  EXPECT_EQ(limit(), kNoMemoryLimit);
  write("/sys/fs/cgroup/system.slice/a.service/memory.max", "104857600\n");
  EXPECT_EQ(limit(), 104857600U);
}

TEST_F(MemoryLimit, TheLowestOfTheGroupsAbove) {
  be_in("0::/a/b/c\n", kVersion2);
  write("/sys/fs/cgroup/a/memory.max", "3000\n");
  write("/sys/fs/cgroup/a/b/memory.max", "max\n");
  write("/sys/fs/cgroup/a/b/c/memory.max", "5000\n");
  EXPECT_EQ(limit(), 3000U);
  write("/sys/fs/cgroup/memory.max", "2000\n");
  EXPECT_EQ(limit(), 2000U);
}

TEST_F(MemoryLimit, ContainerWithAGroupNamespace) {
  be_in("0::/\n", kVersion2);
  write("/sys/fs/cgroup/memory.max", "4096\n");
  EXPECT_EQ(limit(), 4096U);
}

// Without a namespace of groups the path is the host's, and the mount shows a part of it.
TEST_F(MemoryLimit, ContainerThatSeesAPartOfTheHierarchy) {
  be_in("0::/docker/abc/inner\n",
        "30 22 0:26 /docker/abc /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n");
  write("/sys/fs/cgroup/memory.max", "7000\n");
  write("/sys/fs/cgroup/inner/memory.max", "9000\n");
  EXPECT_EQ(limit(), 7000U);
}

TEST_F(MemoryLimit, Version1) {
  be_in("9:name=systemd:/x\n4:memory:/docker/abc\n3:cpuset:/\n", kVersion1);
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), kNoMemoryLimit);
  write("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "104857600\n");
  EXPECT_EQ(limit(), 104857600U);
  write("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "52428800\n");
  EXPECT_EQ(limit(), 52428800U);
}

TEST_F(MemoryLimit, BothVersionsAtOnce) {
  be_in("4:memory:/a\n0::/b\n",
        std::string(kVersion1) + "33 22 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "8000\n");
  write("/sys/fs/cgroup/unified/b/memory.max", "6000\n");
  EXPECT_EQ(limit(), 6000U);
}

TEST_F(MemoryLimit, OddFiles) {
  const std::string long_name(5000, 'x');
  be_in("1:cpu:/" + long_name + "\nno colons\n\n4:cpu,memory,x:/a",
        long_name + " - cgroup x memory\n" + kVersion1 + "33 22 0:29 / - cgroup\n");
  write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "8000");
  EXPECT_EQ(limit(), 8000U);
  be_in("4:memory:/" + long_name + "\n", kVersion1);
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "5000");
  EXPECT_EQ(limit(), 5000U);
}

}  // namespace
}  // namespace pymemflow::platform

#include "tests/reports/xml_check.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/folders.h"

namespace millrace::reports::testing {
namespace {

/// A file for one check, gone at its end.
class XmlFile {
 public:
  explicit XmlFile(std::string_view xml) {
    std::string pattern = std::filesystem::temp_directory_path() / "millrace-xml-XXXXXX";
    const int file = mkstemp(pattern.data());
    EXPECT_GE(file, 0);
    close(file);
    path_ = pattern;
    std::ofstream(path_, std::ios::binary) << xml;
  }
  ~XmlFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  XmlFile(const XmlFile&) = delete;
  XmlFile& operator=(const XmlFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Output {
  std::string text;
  int status = -1;
};

Output run(const std::string& command) {
  Output output;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 4096> block{};
  while (const std::size_t got = fread(block.data(), 1, block.size(), pipe)) {
    output.text.append(block.data(), got);
  }
  const int state = pclose(pipe);
  output.status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
  return output;
}

}  // namespace

std::string junit_trouble(std::string_view xml) {
  const XmlFile file(xml);
  const Output output = run("xmllint --noout --nonet --schema '" + source_folder() +
                            "/tests/data/junit.xsd' " + file.path());
  return output.status == 0 ? "" : output.text;
}

std::string xpath(std::string_view xml, const std::string& expression) {
  const XmlFile file(xml);
  Output output = run("xmllint --nonet --xpath '" + expression + "' " + file.path());
  EXPECT_EQ(output.status, 0) << output.text;
  while (output.text.ends_with('\n')) output.text.pop_back();
  return output.text;
}

}  // namespace millrace::reports::testing

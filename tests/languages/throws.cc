// Exceptions through several frames, and <filesystem>: lists a folder that the program makes.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>

namespace fs = std::filesystem;

struct Guard
{
    ~Guard() { std::cout << "unwound\n"; }
};

static int parse(const std::string &text)
{
    Guard guard;
    return std::stoi(text);
}

int main()
{
    try
    {
        parse("no number");
    }
    catch (const std::invalid_argument &failure)
    {
        std::cout << "caught " << failure.what() << '\n';
    }
    fs::create_directories("/data/a/b");
    std::ofstream("/data/a/b/one.txt") << "12345";
    std::ofstream("/data/a/two.txt") << "1";
    fs::rename("/data/a/two.txt", "/data/a/three.txt");
    std::set<std::string> names;
    for (const auto &entry : fs::recursive_directory_iterator("/data/a"))
        names.insert(entry.path().string() + (entry.is_regular_file() ? ' ' + std::to_string(entry.file_size()) : ""));
    for (const auto &name : names)
        std::cout << name << '\n';
    try
    {
        fs::file_size("/data/missing");
    }
    catch (const fs::filesystem_error &failure)
    {
        std::cout << "caught " << failure.code().message() << '\n';
    }
    std::cout << fs::remove_all("/data/a") << " removed" << std::endl;
    throw std::runtime_error("nobody catches this");
}

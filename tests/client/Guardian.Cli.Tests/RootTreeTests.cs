using Guardian.Cli.Commands.Native;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Tests;

/// <summary>The file system of a program, whose links a stranger's image chooses.</summary>
public sealed class RootTreeTests
{
    [Fact]
    public void A_file_has_each_path_that_leads_to_it_and_circles_end()
    {
        var tree = new RootTree();
        tree.AddFile("/real/file", new RootFile("bytes", UnixFileMode.UserRead));
        tree.AddLink("/other", "real");
        tree.AddLink("/real/round", "/");
        Assert.Equal(["/other/file", "/real/file"], tree.ListFiles().Select(file => file.Path));
    }

    [Fact]
    public void Links_that_double_the_paths_at_each_level_are_refused()
    {
        const int levels = 40;
        var tree = new RootTree();
        for (var i = 0; i < levels; i++)
        {
            // No file at all: a bound on files would not end this.
            tree.AddLink($"/level{i}/a", $"/level{i + 1}");
            tree.AddLink($"/level{i}/b", $"/level{i + 1}");
        }
        tree.AddFolder($"/level{levels}");
        var refused = Assert.Throws<RefusedException>(tree.ListFiles);
        Assert.Equal(CliReasons.TooLarge, refused.Refusal.Reason);
    }
}

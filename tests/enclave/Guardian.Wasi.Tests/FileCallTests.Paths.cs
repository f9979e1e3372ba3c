using System.Buffers.Binary;
using Guardian.Files;
using Guardian.Wasi.Descriptors;

namespace Guardian.Wasi.Tests;

/// <content>Paths, links and names.</content>
public abstract partial class FileCallTests
{
    [Fact]
    public void A_directory_is_opened_but_not_as_a_file()
    {
        Assert.Equal(FileError.Success, Guest.MakeDirectory("dir"));
        Guest.Close(Guest.OpenDirectory("dir"));
        Guest.Close(Guest.Open("dir", 0, Rights.FdRead));
        Guest.Close(Guest.Open("dir/", 0, Rights.None));
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir", OpenFlags.Directory, Rights.FdRead | Rights.FdWrite).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir", OpenFlags.Create, Rights.FdRead).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir", OpenFlags.Truncate, Rights.FdRead).Error);
        Assert.Equal(FileError.Exists, Guest.TryOpen("dir", OpenFlags.Create | OpenFlags.Exclusive, Rights.FdRead).Error);
        Assert.Equal(FileError.Exists, Guest.MakeDirectory("dir"));
        Assert.Equal(FileError.Success, Guest.MakeDirectory("slashed/"));
        Assert.Equal(FileError.NoEntry, Guest.MakeDirectory("missing/dir"));
    }

    [Fact]
    public void Paths_resolve_as_in_posix_and_never_leave_the_directory()
    {
        Guest.MakeDirectory("dir");
        Guest.MakeDirectory("dir/nested");
        Guest.Create("dir/nested/file", "x");
        Assert.Equal("x", Guest.Content("dir/.//nested/../../dir/nested/../nested///./file"));
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("/dir/nested/file").Error);
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("dir/nested/../../../data/dir/nested/file").Error);
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("..").Error);
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("").Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("dir/nested/file\0").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file///").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/.").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/x").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/../file").Error);
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("missing/../dir").Error);
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("missing/x", OpenFlags.Create).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("missing/", OpenFlags.Create).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir/nested/file/", OpenFlags.Create).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir/", OpenFlags.Create | OpenFlags.Exclusive).Error);
        Assert.Equal(FileError.Exists, Guest.TryOpen("dir/.", OpenFlags.Create | OpenFlags.Exclusive).Error);
        Assert.Equal(FileError.Exists, Guest.TryOpen("dir/nested/../", OpenFlags.Create | OpenFlags.Exclusive).Error);
        Assert.Equal(FileError.NameTooLong, Guest.TryOpen(new string('n', 256), OpenFlags.Create).Error);
        Assert.Equal(FileError.NameTooLong, Guest.TryOpen(new string('n', 4096)).Error);
        Guest.Create(new string('n', 255));
        var raw = Guest.CopyIn([0x61, 0xFF]);
        Assert.Equal(FileError.IllegalSequence, Guest.Call("path_unlink_file", 3, raw.Pointer, raw.Size));
    }

    [Fact]
    public void Dots_open_the_directory_itself_with_its_entries()
    {
        Guest.MakeDirectory("dir");
        Guest.MakeDirectory("dir/nested");
        Guest.Create("dir/file");
        foreach (var path in new[] { "dir", "dir/", "dir/.", "dir/./.", "dir/nested/..", "dir/nested/../", "./dir//nested/.././" })
        {
            var number = Guest.OpenDirectory(path);
            Assert.Equal([".", "..", "file", "nested"], Guest.List(number).Entries.Select(entry => entry.Name).Order());
            Guest.Close(number);
        }
        var root = Guest.OpenDirectory("dir/..");
        Assert.Equal(Guest.Stat(3), Guest.Stat(root));
        // The directory outlives the first of its descriptors.
        Assert.Equal(FileError.Success, Guest.Call("fd_close", 3));
        Assert.Equal(FileError.Success, Guest.OnPath("path_remove_directory", "dir/nested", root));
    }

    [Fact]
    public void Symbolic_links_are_followed_only_inside_the_directory()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("dir/file", "x");
        Assert.Equal(FileError.Success, Guest.Symlink("dir/file", "link"));
        Assert.Equal(FileError.Success, Guest.Symlink("../link", "dir/up"));
        Assert.Equal(FileError.Success, Guest.Symlink("dir", "folder"));
        Assert.Equal(FileError.Success, Guest.Symlink("dir/../../outside", "out"));
        Assert.Equal(FileError.NotPermitted, Guest.Symlink("/etc/passwd", "absolute"));
        Assert.Equal("x", Guest.Content("link"));
        Assert.Equal("x", Guest.Content("dir/up"));
        Assert.Equal("x", Guest.Content("folder/file"));
        Assert.Equal("x", Guest.Content("folder/../folder/up"));
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("out").Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("link", follows: false).Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("folder", OpenFlags.Directory, Rights.FdRead, follows: false).Error);
        Guest.Close(Guest.Open("folder/", OpenFlags.Directory, Rights.FdRead));
        Assert.Equal((FileError.Success, "dir/file"), Guest.ReadLink("link"));
        Assert.Equal((FileError.Success, "dir"), Guest.ReadLink("link", 3));
        Assert.Equal((FileError.Success, ""), Guest.ReadLink("link", 0));
        Assert.Equal(FileError.Invalid, Guest.ReadLink("dir/file").Error);
        Assert.Equal(FileError.Invalid, Guest.ReadLink("dir").Error);
        Assert.Equal(FileError.NoEntry, Guest.ReadLink("missing").Error);
        Assert.Equal(FileKind.SymbolicLink, Guest.Stat("link", follows: false).Stat.Kind);
        Assert.Equal(8UL, Guest.Stat("link", follows: false).Stat.Size);
        Assert.Equal(FileKind.RegularFile, Guest.Stat("link").Stat.Kind);
    }

    [Fact]
    public void Dangling_and_circular_links_give_an_error()
    {
        Assert.Equal(FileError.Success, Guest.Symlink("target", "dangling"));
        Assert.Equal(FileError.Success, Guest.Symlink("loop", "loop"));
        Assert.Equal(FileError.Success, Guest.Symlink("pong", "ping"));
        Assert.Equal(FileError.Success, Guest.Symlink("ping/x", "pong"));
        Assert.Equal(FileError.NoEntry, Guest.Symlink("", "empty"));
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("dangling").Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("dangling", follows: false).Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("loop").Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("ping").Error);
        Assert.Equal(FileError.NoEntry, Guest.Stat("dangling").Error);
        Assert.Equal(FileError.Exists, Guest.TryOpen("dangling", OpenFlags.Create | OpenFlags.Exclusive).Error);
        Assert.Equal(FileError.Exists, Guest.MakeDirectory("dangling"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "dangling"));
        Guest.Close(Guest.Open("dangling", OpenFlags.Create));
        Assert.Equal(FileKind.RegularFile, Guest.Stat("target", follows: false).Stat.Kind);
    }

    [Fact]
    public void Removing_distinguishes_files_and_directories()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("dir/file");
        Guest.Create("file");
        Guest.Symlink("dir", "link");
        Assert.Equal(FileError.IsDirectory, Guest.Unlink("dir"));
        Assert.Equal(FileError.IsDirectory, Guest.Unlink("dir/"));
        Assert.Equal(FileError.NotDirectory, Guest.Unlink("file/"));
        Assert.Equal(FileError.NoEntry, Guest.Unlink("missing"));
        Assert.Equal(FileError.NoEntry, Guest.Unlink(""));
        Assert.Equal(FileError.NotDirectory, Guest.RemoveDirectory("file"));
        Assert.Equal(FileError.NotDirectory, Guest.RemoveDirectory("file/"));
        Assert.Equal(FileError.NotDirectory, Guest.RemoveDirectory("link"));
        Assert.Equal(FileError.NotEmpty, Guest.RemoveDirectory("dir"));
        Assert.Equal(FileError.NoEntry, Guest.RemoveDirectory("missing"));
        Assert.Equal(FileError.Invalid, Guest.RemoveDirectory("dir/."));
        Assert.Equal(FileError.Success, Guest.Unlink("dir/file"));
        Assert.Equal(FileError.Success, Guest.RemoveDirectory("dir/"));
        Assert.Equal(FileError.Success, Guest.Unlink("link"));
        Assert.Equal(FileError.Success, Guest.Unlink("file"));
        Assert.Equal([".", ".."], Guest.List(3).Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void An_open_file_outlives_its_name()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        Guest.Write(number, "still here");
        Assert.Equal(FileError.Success, Guest.Unlink("file"));
        Assert.Equal((FileError.Success, "still here"), Guest.Read(number, 100, 0));
        Assert.Equal(0UL, Guest.Stat(number).LinkCount);
        Guest.Create("file", "new");
        Assert.Equal((FileError.Success, "still here"), Guest.Read(number, 100, 0));
        Guest.MakeDirectory("dir");
        var directory = Guest.OpenDirectory("dir");
        Assert.Equal(FileError.Success, Guest.RemoveDirectory("dir"));
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("x", OpenFlags.Create, directory: directory).Error);
    }

    [Fact]
    public void Renaming_replaces_as_posix_says()
    {
        Guest.Create("file", "1");
        Assert.Equal(FileError.Success, Guest.Rename("file", "moved"));
        Assert.Equal(FileError.NoEntry, Guest.Rename("file", "moved"));
        Guest.Create("other", "2");
        Assert.Equal(FileError.Success, Guest.Rename("moved", "other"));
        Assert.Equal("1", Guest.Content("other"));
        Assert.Equal(FileError.Success, Guest.Rename("other", "other"));

        Guest.MakeDirectory("source");
        Guest.MakeDirectory("target");
        Assert.Equal(FileError.Success, Guest.Rename("source", "target"));
        Guest.MakeDirectory("source");
        Guest.Create("target/file");
        Assert.Equal(FileError.NotEmpty, Guest.Rename("source", "target"));
        Assert.Equal(FileError.NotDirectory, Guest.Rename("source", "target/file"));
        Assert.Equal(FileError.IsDirectory, Guest.Rename("other", "source"));
        Assert.Equal(FileError.Invalid, Guest.Rename("target", "target/inside"));
        Assert.Equal(FileError.Success, Guest.Rename("target/file", "source/file"));
        Assert.Equal([".", "..", "file"], Guest.List(Guest.OpenDirectory("source")).Entries.Select(entry => entry.Name).Order());

        Assert.Equal(FileError.NotDirectory, Guest.Rename("other/", "x"));
        Assert.Equal(FileError.NotDirectory, Guest.Rename("other", "x/"));
        Assert.Equal(FileError.Success, Guest.Rename("source/", "moved/"));
        Assert.Equal(FileError.Busy, Guest.Rename(".", "x"));
        Assert.Equal(FileError.Busy, Guest.Rename("other", "moved/.."));
        Assert.Equal(FileError.NoEntry, Guest.Rename(".", "missing/x"));
        Assert.Equal(FileError.Invalid, Guest.Rename("other", "x\0"));
        Assert.Equal(FileError.Invalid, Guest.Rename("x\0", "other"));
        Assert.Equal(FileError.NotPermitted, Guest.Rename("other", "../other"));
    }

    [Fact]
    public void A_file_can_have_several_names()
    {
        Guest.Create("file", "x");
        Assert.Equal(FileError.Success, Guest.Link("file", "link"));
        Assert.Equal((Guest.Stat("file").Stat.Node, 2UL), (Guest.Stat("link").Stat.Node, Guest.Stat("link").Stat.LinkCount));
        Assert.Equal(FileError.Exists, Guest.Link("file", "link"));
        Assert.Equal(FileError.Exists, Guest.Link("file", "file"));
        Assert.Equal(FileError.NoEntry, Guest.Link("file", "new/"));
        Assert.Equal(FileError.NoEntry, Guest.Link("missing", "new"));
        // Renaming one name of a file to its other name does nothing.
        Assert.Equal(FileError.Success, Guest.Rename("file", "link"));
        Assert.Equal("x", Guest.Content("file"));
        Assert.Equal(FileError.Success, Guest.Unlink("file"));
        Assert.Equal("x", Guest.Content("link"));

        Guest.MakeDirectory("dir");
        Assert.Equal(FileError.NotPermitted, Guest.Link("dir", "new"));
        Assert.Equal(FileError.NotPermitted, Guest.Link("dir/", "new"));
        Assert.Equal(FileError.Exists, Guest.Link("link", "dir"));
        Assert.Equal(FileError.Exists, Guest.Link("dir", "link"));
        Guest.Symlink("nowhere", "dangling");
        Assert.Equal(FileError.Success, Guest.Link("dangling", "dangling2"));
        Assert.Equal((FileError.Success, "nowhere"), Guest.ReadLink("dangling2"));
        Assert.Equal(FileError.Invalid, Guest.Link("dangling", "new", follows: true));
        Assert.Equal(FileError.Invalid, Guest.Link("link", "new", follows: true));
    }

    [Fact]
    public void Symbolic_links_do_not_replace_an_existing_name()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("file");
        Assert.Equal(FileError.NoEntry, Guest.Symlink("x", "new/"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "dir/"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "dir"));
        Assert.Equal(FileError.NotDirectory, Guest.Symlink("x", "file/"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "file"));
    }
}

using Guardian.Files.Durable;

namespace Guardian.Files.Tests;

public sealed class DurableFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Files_and_folders_are_their_owners_alone()
    {
        DurableFile.CreateDirectory(folder.File("state"));
        DurableFile.Replace(folder.File("state/a"), "one"u8);
        DurableFile.Replace(folder.File("state/a"), "two"u8);
        using (DurableFile.Open(folder.File("state/b")))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("state/b")));
        }
        Assert.Equal("two", File.ReadAllText(folder.File("state/a")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("state/a")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.File("state")));
        Assert.Equal(2, Directory.GetFiles(folder.File("state")).Length);
    }

    [Fact]
    public void A_replacement_that_fails_leaves_nothing_beside_the_file()
    {
        Directory.CreateDirectory(folder.File("taken"));
        Assert.ThrowsAny<SystemException>(() => DurableFile.Replace(folder.File("taken"), "one"u8));
        Assert.Equal([folder.File("taken")], Directory.GetFileSystemEntries(Path.GetDirectoryName(folder.File("taken"))!));
    }

    [Fact]
    public void A_write_removes_what_killed_writes_of_the_file_left_and_no_other_file()
    {
        void Leave(string name, TimeSpan age)
        {
            File.WriteAllText(folder.File(name), "half");
            File.SetLastWriteTimeUtc(folder.File(name), TimeProvider.System.GetUtcNow().UtcDateTime - age);
        }
        Leave("a.7.9.new", TimeSpan.FromMinutes(2));
        Leave("a.8.1.new", TimeSpan.Zero);
        Leave("ab.7.9.new", TimeSpan.FromMinutes(2));
        Leave("a.old", TimeSpan.FromMinutes(2));
        Leave("a.new", TimeSpan.FromMinutes(2));
        DurableFile.Replace(folder.File("a"), "one"u8);
        Assert.Equal(["a", "a.8.1.new", "a.new", "a.old", "ab.7.9.new"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
        Leave("a.8.1.new", TimeSpan.FromMinutes(2));
        Leave("new.7.9.new", TimeSpan.FromMinutes(2));
        DurableFile.ReadOrCreate(folder.File("new"), () => [1]);
        Assert.False(File.Exists(folder.File("new.7.9.new")));
    }

    [Fact]
    public void Many_who_create_one_file_at_once_get_the_same_content()
    {
        for (var round = 0; round < 50; round++)
        {
            // Threads of their own, let go together: a pool starts them one after the other.
            using var start = new Barrier(8);
            var contents = new string[start.ParticipantCount];
            var threads = Enumerable.Range(0, contents.Length).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                contents[i] = Convert.ToHexString(DurableFile.ReadOrCreate(folder.File($"key{round}"), () => Guid.NewGuid().ToByteArray()));
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Assert.Single(contents.Distinct());
        }
        Assert.Equal(50, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void Where_links_do_not_exist_one_of_many_creates_the_file_and_all_read_it_whole()
    {
        // A naive way: look whether the file is there, then write it. Two of them both see nothing, and the second one's content replaces
        // what the first one already uses.
        var (first, second) = (File.Exists(folder.File("naive")), File.Exists(folder.File("naive")));
        File.WriteAllText(folder.File("naive"), first ? "" : "one");
        File.WriteAllText(folder.File("naive"), second ? "" : "two");
        Assert.NotEqual("one", File.ReadAllText(folder.File("naive")));

        for (var round = 0; round < 50; round++)
        {
            using var start = new Barrier(8);
            var contents = new string[start.ParticipantCount];
            var created = 0;
            var path = folder.File($"key{round}");
            var threads = Enumerable.Range(0, contents.Length).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                var own = Guid.NewGuid().ToByteArray();
                var isOurs = DurableFile.TryCreateWithoutLinks(path, own);
                if (isOurs)
                {
                    Interlocked.Increment(ref created);
                }
                contents[i] = Convert.ToHexString(isOurs ? own : DurableFile.ReadOrCreate(path, () => []));
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Assert.Equal(1, created);
            Assert.Single(contents.Distinct());
        }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("key0")));
    }

    [Fact]
    public void A_file_whose_creation_was_interrupted_is_refused_with_its_name()
    {
        File.WriteAllBytes(folder.File("key"), []);
        Assert.Contains("key is empty", Assert.Throws<InvalidDataException>(() => DurableFile.ReadOrCreate(folder.File("key"), () => []))
            .Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_larger_than_any_that_belongs_there_is_refused()
    {
        File.WriteAllBytes(folder.File("key"), new byte[10_000_000]);
        Assert.Throws<InvalidDataException>(() => DurableFile.ReadOrCreate(folder.File("key"), () => []));
    }
}

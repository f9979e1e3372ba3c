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
    public void A_file_larger_than_any_that_belongs_there_is_refused()
    {
        File.WriteAllBytes(folder.File("key"), new byte[10_000_000]);
        Assert.Throws<InvalidDataException>(() => DurableFile.ReadOrCreate(folder.File("key"), () => []));
    }
}

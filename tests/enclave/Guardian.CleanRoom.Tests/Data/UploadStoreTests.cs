using System.Security.Cryptography;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Data;

/// <summary>Chunks that were altered, replayed, cut off, or interrupted.</summary>
public sealed class UploadStoreTests : IDisposable
{
    private readonly TestRoom room = new(("max_rows: 4000", "max_rows: 100000"), ("max_rows: 5000", "max_rows: 100000"));
    private readonly Guardian.CleanRoom.Client.PreparedDataSet data;
    private readonly string digest;
    private readonly ChunkCipher cipher;

    public UploadStoreTests()
    {
        (data, digest, cipher) = room.Prepare("campaign", TestRows.Csv(TestRows.Campaign(new Random(3), 5_000, 10_000)));
        Assert.True(data.GroupCount > 3);
    }

    public void Dispose()
    {
        cipher.Dispose();
        room.Dispose();
    }

    [Fact]
    public void An_upload_goes_on_where_a_restart_interrupted_it()
    {
        Begin();
        Put(0);
        Put(1);
        room.Reopen();
        Assert.Equal(2, Begin().NextChunk);
    }

    [Fact]
    public void A_chunk_that_a_crash_cut_off_is_sent_again()
    {
        Begin();
        Put(0);
        Put(1);
        using (
            var file = new FileStream(Directory.GetFiles(Path.Combine(room.StateFolder, "campaign"), "*.chunks").Single(), FileMode.Open))
        {
            file.SetLength(file.Length - 100);
        }
        room.Reopen();
        Assert.Equal(1, Begin().NextChunk);
        for (var chunk = 1; chunk < data.GroupCount; chunk++)
        {
            Put(chunk);
        }
        Assert.Null(room.Service.DataSets.Commit(room.Agency, "campaign", digest).Refusal);
    }

    [Fact]
    public void The_same_chunk_again_is_acknowledged_again()
    {
        Begin();
        Put(0);
        Assert.Equal(1, Put(0).NextChunk);
        Assert.Equal(2, Put(1).NextChunk);
    }

    [Fact]
    public void Altered_cut_off_and_replayed_chunks_are_refused_and_nothing_is_stored()
    {
        Begin();
        var chunk = Chunk(0);
        chunk[100] ^= 1;
        Assert.Equal("bad-chunk", Refusal(0, chunk));
        Assert.Equal("bad-chunk", Refusal(0, Chunk(0)[..^1]));
        Assert.Equal("bad-chunk", Refusal(0, []));
        Assert.Equal("bad-chunk", Refusal(0, Chunk(1)));
        Assert.Equal("bad-chunk", Refusal(-1, Chunk(0)));
        Assert.Equal("bad-chunk", Refusal(data.GroupCount, Chunk(0)));
        Assert.Equal("gap", Refusal(1, Chunk(1)));
        Assert.Equal(0, Begin().NextChunk);
    }

    [Fact]
    public void A_chunk_of_another_version_is_refused()
    {
        Begin();
        var (other, otherDigest, otherCipher) = room.Prepare("campaign", "email,arm,exposed,score\nx@example.com,Red,1,1\n");
        using (otherCipher)
        {
            Assert.Equal("bad-chunk", Refusal(0, otherCipher.Encrypt(0, other.WriteGroup(0).Span)));
            Assert.Equal("no-upload", room.Service.DataSets.PutChunk(room.Agency, "campaign", otherDigest, 0, Chunk(0)).Refusal!.Code);
        }
    }

    [Fact]
    public void An_incomplete_upload_does_not_count()
    {
        Begin();
        Put(0);
        Assert.Equal("incomplete", room.Service.DataSets.Commit(room.Agency, "campaign", digest).Refusal!.Code);
        Assert.Null(room.Service.Describe(room.Agency).DataSets[0].Version);
    }

    [Fact]
    public void A_false_announcement_is_found_before_the_version_counts()
    {
        Assert.Null(room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(digest, 4_999)).Refusal);
        PutAll();
        Assert.Equal("bad-content", room.Service.DataSets.Commit(room.Agency, "campaign", digest).Refusal!.Code);
    }

    [Fact]
    public void Content_that_is_not_what_the_digest_says_is_refused()
    {
        var false1 = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        using var other = new ChunkCipher(
            room.Service.DataSets.ReadKeys(room.Agency, "campaign").Value!.UploadSecret, room.Contract,
            room.Contract.FindDataSet("campaign")!, Convert.FromHexString(false1));
        Assert.Null(room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(false1, data.Report.Persons)).Refusal);
        for (var chunk = 0; chunk < data.GroupCount; chunk++)
        {
            Assert.Null(room.Service.DataSets.PutChunk(
                room.Agency, "campaign", false1, chunk, other.Encrypt(chunk, data.WriteGroup(chunk).Span)).Refusal);
        }
        Assert.Equal("bad-content", room.Service.DataSets.Commit(room.Agency, "campaign", false1).Refusal!.Code);
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("")]
    [InlineData("ABCDEF")]
    public void A_digest_is_no_path(string text)
    {
        Assert.Equal("bad-digest", room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(text, 10)).Refusal!.Code);
        Assert.Equal("no-upload", room.Service.DataSets.PutChunk(room.Agency, "campaign", text, 0, Chunk(0)).Refusal!.Code);
        Assert.Equal("no-upload", room.Service.DataSets.Commit(room.Agency, "campaign", text).Refusal!.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(100_001)]
    public void More_rows_than_the_contract_allows_are_refused(int rows) =>
        Assert.Equal("bad-rows", room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(digest, rows)).Refusal!.Code);

    [Fact]
    public void Unfinished_uploads_are_limited()
    {
        for (var upload = 0; upload < 4; upload++)
        {
            Assert.Null(room.Service.DataSets.BeginUpload(
                room.Agency, "campaign", new UploadRequest(new string((char)('a' + upload), 64), 1)).Refusal);
        }
        Assert.Equal(
            "too-many-uploads", room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(digest, 1)).Refusal!.Code);
    }

    [Fact]
    public void Rows_that_break_the_layout_are_refused_though_well_encrypted()
    {
        Begin();
        var group = data.WriteGroup(0).ToArray();
        var slots = group.Length / (16 + 6);
        Assert.Equal("bad-content", Refusal(0, cipher.Encrypt(0, Altered(bytes => bytes[7] ^= 0x80))));
        Assert.Equal("bad-content", Refusal(0, cipher.Encrypt(0, Altered(bytes => bytes[8 * slots] ^= 1))));
        Assert.Equal("bad-content", Refusal(0, cipher.Encrypt(0, Altered(bytes => bytes[16 * slots] = 200))));
        Assert.Equal("bad-content", Refusal(0, cipher.Encrypt(0, Altered(bytes => bytes.AsSpan(0, 8).Fill(0xFF)))));
        // A person occurs twice: the second slot of the first bucket equals the first.
        Assert.Equal("bad-content", Refusal(0, cipher.Encrypt(0, Altered(bytes =>
        {
            bytes.AsSpan(0, 8).CopyTo(bytes.AsSpan(64));
            bytes.AsSpan(8 * slots, 8).CopyTo(bytes.AsSpan((8 * slots) + 64));
        }))));

        byte[] Altered(Action<byte[]> change)
        {
            var copy = group.ToArray();
            change(copy);
            return copy;
        }
    }

    [Fact]
    public void What_the_host_changes_on_disk_is_noticed()
    {
        Begin();
        PutAll();
        Assert.Null(room.Service.DataSets.Commit(room.Agency, "campaign", digest).Refusal);
        room.Upload("customers", TestRows.Csv(TestRows.Customers(new Random(4), 5_000, 10_000)));
        var path = Directory.GetFiles(Path.Combine(room.StateFolder, "campaign"), "*.chunks").Single();
        var original = File.ReadAllBytes(path);

        var altered = original.ToArray();
        altered[^1] ^= 1;
        foreach (var damage in new[] { altered, original[..^1], [] })
        {
            File.WriteAllBytes(path, damage);
            var failure = Assert.Throws<RefusedException>(
                () => room.Service.Questions.Ask(room.Agency, new Question { Kind = QuestionKind.Overlap }));
            Assert.Contains("changed outside the enclave", failure.Message, StringComparison.Ordinal);
        }
        File.WriteAllBytes(path, original);
        Assert.NotNull(room.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap }));

        var table = Directory.GetFiles(room.StateFolder, "*.versions").Single();
        var keys = File.ReadAllBytes(table);
        File.WriteAllBytes(table, new byte[80]);
        Assert.Throws<RefusedException>(room.Reopen);
        File.Delete(table);
        Assert.Throws<RefusedException>(room.Reopen);
        File.WriteAllBytes(table, keys);
        room.Reopen();
    }

    private UploadState Begin()
    {
        var state = room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(digest, data.Report.Persons));
        Assert.Null(state.Refusal);
        return state.Value!;
    }

    private UploadState Put(int chunk)
    {
        var state = room.Service.DataSets.PutChunk(room.Agency, "campaign", digest, chunk, Chunk(chunk));
        Assert.Null(state.Refusal);
        return state.Value!;
    }

    private void PutAll()
    {
        for (var chunk = 0; chunk < data.GroupCount; chunk++)
        {
            Put(chunk);
        }
    }

    private byte[] Chunk(int index) => cipher.Encrypt(index, data.WriteGroup(index).Span);

    private string Refusal(int index, byte[] chunk) =>
        room.Service.DataSets.PutChunk(room.Agency, "campaign", digest, index, chunk).Refusal!.Code;
}

using System.Text;
using System.Text.Json;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// A host kept a full copy of its disk. Later it learns the room's key, and everything that the CAS holds by then. Data that was deleted
/// before can be read where keys follow from the room's key; in a room it cannot.
/// </summary>
public sealed class ErasureAttackTests : IDisposable
{
    private const string Csv = "email,arm,exposed,score\nsecret@x.org,Blue,0,7\n";

    private readonly TestRoom room = new(("max_rows: 4000", "max_rows: 4000\n    max_changes: 10"));

    public void Dispose() => room.Dispose();

    [Fact]
    public void A_deleted_version_is_read_from_an_old_copy_where_its_key_follows_from_the_rooms_key_only()
    {
        var (data, digest, cipher) = room.Prepare("campaign", Csv);
        room.Upload("campaign", Csv);
        using (cipher)
        {
            // The old behaviour: the disk holds the owner's own chunks, and a manifest with the digest.
            Assert.NotNull(Read(KeyFromRoom(digest), [cipher.Encrypt(0, data.WriteGroup(0).Span)]));
        }
        room.CopyState("copy");
        // The attack is right: with the secret of that time, the copy can be read.
        Assert.NotNull(Attack("copy", digest));

        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        Assert.Null(Attack("copy", digest));
        Assert.Null(Attack("state", digest));
    }

    [Fact]
    public void Replaced_and_changed_versions_and_unfinished_uploads_cannot_be_read_either()
    {
        var (_, digest, cipher) = room.Prepare("campaign", Csv);
        cipher.Dispose();
        room.Upload("campaign", Csv);
        room.CopyState("first");
        var next = room.Upload("campaign", "email,arm,exposed,score\nother@x.org,Red,0,1\n");
        Assert.Null(Attack("first", digest));
        room.CopyState("second");
        Assert.NotNull(Attack("second", next.Digest));
        Assert.Null(room.TryUpload("campaign", Csv, UploadForm.Changes, next.Digest).Refusal);
        Assert.Null(Attack("second", next.Digest));

        var (data, unfinished, wire) = room.Prepare("campaign", "email,arm,exposed,score\nthird@x.org,Red,0,1\n");
        using (wire)
        {
            var request = new UploadRequest(unfinished, 1);
            Assert.Null(room.Service.DataSets.BeginUpload(room.Agency, "campaign", request).Refusal);
            Assert.Null(room.Service.DataSets.PutChunk(
                room.Agency, "campaign", unfinished, 0, wire.Encrypt(0, data.WriteGroup(0).Span)).Refusal);
        }
        room.CopyState("third");
        Assert.NotNull(Attack("third", unfinished));
        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        Assert.Null(Attack("third", unfinished));
    }

    [Fact]
    public void An_older_file_of_keys_is_refused()
    {
        room.Upload("campaign", Csv);
        room.CopyState("copy");
        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        // The host puts the file of keys back, and the chunks, but leaves the log, whose head the CAS knows.
        foreach (var path in Directory.GetFiles(room.FolderOf("copy"), "*.versions"))
        {
            File.Copy(path, Path.Combine(room.StateFolder, Path.GetFileName(path)));
        }
        foreach (var path in Directory.GetFiles(room.StateFolder, "*.versions").Where(path => !File.Exists(
            Path.Combine(room.FolderOf("copy"), Path.GetFileName(path)))))
        {
            File.Delete(path);
        }
        Assert.Contains(
            "keys of the data", Assert.Throws<Guardian.Refusals.RefusedException>(room.Reopen).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_a_killed_enclave_was_writing_are_gone_after_the_next_start()
    {
        room.Upload("campaign", Csv);
        var keys = Path.Combine(room.StateFolder, "0123.versions.7.9.new");
        var answer = Path.Combine(room.StateFolder, "answers", "3.answer.7.9.new");
        File.WriteAllText(keys, "half");
        File.WriteAllText(answer, "half");
        room.Reopen();
        Assert.False(File.Exists(keys));
        Assert.False(File.Exists(answer));
    }

    [Fact]
    public void There_is_no_receipt_while_the_key_is_not_destroyed_and_the_deletion_can_be_repeated()
    {
        room.Upload("campaign", Csv);
        room.KeySecret.IsAway = true;
        Assert.Throws<Guardian.Refusals.RefusedException>(() => room.Service.DataSets.Delete(room.Agency, "campaign"));
        Assert.Null(room.Service.Describe(room.Agency).DataSets[0].Version);
        room.KeySecret.IsAway = false;
        room.CopyState("copy");
        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        var (_, digest, cipher) = room.Prepare("campaign", Csv);
        cipher.Dispose();
        Assert.Null(Attack("copy", digest));
    }

    // All ways to a key that the room's key, the present secret, and a copy of the disk offer.
    private string? Attack(string copy, string digest)
    {
        var folder = room.FolderOf(copy);
        var chunks = Directory.GetFiles(folder, "*.chunks", SearchOption.AllDirectories);
        List<Func<string, ChunkCipher>> ciphers = [_ => KeyFromRoom(digest)(null!)];
        using var keys = new RoomKeys(TestRoom.RoomKey, room.Contract.Hash.Span);
        foreach (var secret in new[] { room.KeySecret.Value!, room.Head.Value!, new byte[32] })
        {
            using var state = new StateCipher(keys.VersionsKey(secret), room.Contract.Hash);
            foreach (var path in Directory.GetFiles(folder, "*.versions"))
            {
                if (state.TryDecrypt(".versions", File.ReadAllBytes(path)) is { } table)
                {
                    var list = JsonSerializer.Deserialize(table, UploadJson.Default.VersionList)!;
                    ciphers.AddRange(list.All.Where(each => each.DataSet == "campaign").Select(each =>
                        (Func<string, ChunkCipher>)(_ => ChunkCipher.ForStorage(
                            each.Key, room.Contract, room.Contract.FindDataSet("campaign")!.InForm(each.Form), each.Version))));
                }
            }
        }
        return ciphers.Select(cipher => Read(cipher, chunks.Select(File.ReadAllBytes))).FirstOrDefault(found => found is not null);
    }

    private Func<string, ChunkCipher> KeyFromRoom(string digest) => _ =>
    {
        using var keys = new RoomKeys(TestRoom.RoomKey, room.Contract.Hash.Span);
        return new ChunkCipher(
            keys.UploadSecret("campaign"), room.Contract, room.Contract.FindDataSet("campaign")!, Convert.FromHexString(digest));
    };

    // Reads rows if the key fits: the content is there.
    private string? Read(Func<string, ChunkCipher> create, IEnumerable<byte[]> files)
    {
        var size = RoomLayout.For(room.Contract).GroupSize(room.Contract.FindDataSet("campaign")!);
        using var cipher = create("campaign");
        foreach (var file in files)
        {
            var plaintext = new byte[size];
            if (file.Length >= size + ChunkCipher.TagSize && cipher.TryDecrypt(0, file.AsSpan(0, size + ChunkCipher.TagSize), plaintext))
            {
                return Encoding.Latin1.GetString(plaintext);
            }
        }
        return null;
    }
}

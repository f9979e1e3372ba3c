using System.Security.Cryptography;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Keys;

public class ChunkCipherTests
{
    private readonly RoomContract contract = TestContract.Read();
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] digest = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] plaintext = RandomNumberGenerator.GetBytes(1_000);

    [Fact]
    public void A_chunk_opens_where_it_belongs()
    {
        using var cipher = Cipher(secret, "campaign", digest);
        var opened = new byte[1_000];
        Assert.True(cipher.TryDecrypt(7, cipher.Encrypt(7, plaintext), opened));
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void A_chunk_opens_nowhere_else()
    {
        using var cipher = Cipher(secret, "campaign", digest);
        var chunk = cipher.Encrypt(7, plaintext);
        var opened = new byte[1_000];
        Assert.False(cipher.TryDecrypt(8, chunk, opened));
        foreach (var (otherSecret, dataSet, otherDigest) in new[] { (new byte[32], "campaign", digest), (secret, "customers", digest),
            (secret, "campaign", new byte[32]) })
        {
            using var other = Cipher(otherSecret, dataSet, otherDigest);
            Assert.False(other.TryDecrypt(7, chunk, opened));
        }
    }

    [Fact]
    public void Any_altered_byte_and_any_cut_is_refused()
    {
        using var cipher = Cipher(secret, "campaign", digest);
        var chunk = cipher.Encrypt(0, plaintext);
        var opened = new byte[1_000];
        for (var i = 0; i < chunk.Length; i++)
        {
            chunk[i] ^= 0x20;
            Assert.False(cipher.TryDecrypt(0, chunk, opened));
            chunk[i] ^= 0x20;
            Assert.False(cipher.TryDecrypt(0, chunk.AsSpan(0, i), opened));
        }
    }

    [Fact]
    public void Many_threads_may_use_one_cipher()
    {
        using var cipher = Cipher(secret, "campaign", digest);
        var chunks = Enumerable.Range(0, 8).Select(index => cipher.Encrypt(index, plaintext)).ToArray();
        var opened = 0;
        Parallel.For(0, 2_000, i => Interlocked.Add(ref opened, cipher.TryDecrypt(i % 8, chunks[i % 8], new byte[1_000]) ? 1 : 0));
        Assert.Equal(2_000, opened);
    }

    private ChunkCipher Cipher(byte[] uploadSecret, string dataSet, byte[] version) =>
        new(uploadSecret, contract, contract.FindDataSet(dataSet)!, version);
}

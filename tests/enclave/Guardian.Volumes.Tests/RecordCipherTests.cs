using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Tests;

/// <summary>The cipher of records, compared with the base library's.</summary>
public sealed class RecordCipherTests : IDisposable
{
    private readonly AesGcm reference;
    private readonly RecordCipher cipher;

    public RecordCipherTests()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        reference = new AesGcm(key, RecordCipher.TagSize);
        cipher = new RecordCipher(MemoryMarshal.Read<RecordKey>(key));
    }

    public void Dispose()
    {
        reference.Dispose();
        cipher.Dispose();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 4096)]
    [InlineData(1, 0)]
    [InlineData(4096, 0)]
    [InlineData(16384, 77)]
    public void It_encrypts_as_the_base_library_does_message_after_message(int size, int associatedSize)
    {
        foreach (var counter in new[] { 1UL, 2UL, 1UL << 20, ulong.MaxValue })
        {
            var (content, associated) = (RandomNumberGenerator.GetBytes(size), RandomNumberGenerator.GetBytes(associatedSize));
            var nonce = new byte[12];
            BinaryPrimitives.WriteUInt64LittleEndian(nonce.AsSpan(4), counter);
            var (expected, expectedTag) = (new byte[size], new byte[RecordCipher.TagSize]);
            reference.Encrypt(nonce, content, expected, expectedTag, associated);

            var encrypted = new byte[size];
            var tag = cipher.Encrypt(counter, content, encrypted, associated);

            Assert.Equal(expected, encrypted);
            Assert.Equal(BinaryPrimitives.ReadUInt128LittleEndian(expectedTag), tag);
            var decrypted = new byte[size];
            Assert.True(cipher.TryDecrypt(counter, tag, encrypted, decrypted, associated));
            Assert.Equal(content, decrypted);
        }
    }

    [Fact]
    public void It_refuses_every_difference_clears_the_target_and_goes_on()
    {
        var content = RandomNumberGenerator.GetBytes(64);
        var encrypted = new byte[64];
        var tag = cipher.Encrypt(7, content, encrypted, [1, 2]);
        var decrypted = new byte[64];
        byte[] flipped = [.. encrypted];
        flipped[63] ^= 1;

        Assert.All(
            new Func<bool>[]
            {
                () => cipher.TryDecrypt(8, tag, encrypted, decrypted, [1, 2]),
                () => cipher.TryDecrypt(7, tag ^ 1, encrypted, decrypted, [1, 2]),
                () => cipher.TryDecrypt(7, tag ^ (UInt128.One << 127), encrypted, decrypted, [1, 2]),
                () => cipher.TryDecrypt(7, tag, flipped, decrypted, [1, 2]),
                () => cipher.TryDecrypt(7, tag, encrypted, decrypted, [1, 3]),
                () => cipher.TryDecrypt(7, tag, encrypted, decrypted, []),
            },
            attempt =>
            {
                decrypted.AsSpan().Fill(1);
                Assert.False(attempt());
                Assert.All(decrypted, value => Assert.Equal(0, value));
            });
        Assert.True(cipher.TryDecrypt(7, tag, encrypted, decrypted, [1, 2]));
        Assert.Equal(content, decrypted);
    }
}

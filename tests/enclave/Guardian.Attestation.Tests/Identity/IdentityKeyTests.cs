using Guardian.Attestation.Identity;

namespace Guardian.Attestation.Tests.Identity;

public sealed class IdentityKeyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_key_is_kept_for_its_owner_alone_and_never_overwritten()
    {
        using var key = IdentityKey.Create();
        key.Save(folder.File("key.pem"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("key.pem")));
        Assert.Throws<IOException>(() => key.Save(folder.File("key.pem")));
        using var loaded = IdentityKey.Load(folder.File("key.pem"));
        Assert.Equal(key.PublicKey, loaded.PublicKey);
        Assert.True(IdentityKey.Verify(key.SubjectPublicKeyInfo, "text"u8, loaded.Sign("text"u8)));
    }

    [Fact]
    public void Signatures_of_other_keys_texts_and_sizes_are_refused()
    {
        using var key = IdentityKey.Create();
        using var other = IdentityKey.Create();
        var signature = key.Sign("text"u8);
        Assert.False(IdentityKey.Verify(other.SubjectPublicKeyInfo, "text"u8, signature));
        Assert.False(IdentityKey.Verify(key.SubjectPublicKeyInfo, "texT"u8, signature));
        Assert.False(IdentityKey.Verify(key.SubjectPublicKeyInfo, "text"u8, signature.AsSpan(1)));
        Assert.False(IdentityKey.Verify(new byte[91], "text"u8, signature));
        Assert.False(IdentityKey.Verify([], "text"u8, signature));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no pem")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    public void Files_that_hold_no_key_are_explained(string text) =>
        Assert.Contains("guardian key create",
            Assert.Throws<InvalidDataException>(() => IdentityKey.Load(folder.Write("key.pem", text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Public_keys_are_of_one_curve_and_one_form()
    {
        using var key = IdentityKey.Create();
        Assert.True(IdentityKey.IsPublicKey(key.PublicKey));
        using var larger = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        Assert.False(IdentityKey.IsPublicKey(Convert.ToBase64String(larger.ExportSubjectPublicKeyInfo())));
        Assert.False(IdentityKey.IsPublicKey(key.PublicKey[..^4]));
        Assert.False(IdentityKey.IsPublicKey(key.PublicKey + " "));
        // The last character has bits that base64 ignores.
        Assert.All(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".Where(other => other != key.PublicKey[^3]),
            other => Assert.False(IdentityKey.IsPublicKey($"{key.PublicKey[..^3]}{other}==")));
        var offCurve = key.SubjectPublicKeyInfo;
        offCurve[^1] ^= 1;
        Assert.False(IdentityKey.IsPublicKey(Convert.ToBase64String(offCurve)));
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client.Tagging;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Tests.Tagging;

/// <summary>HMAC-SHA256 of many messages at once, in vectors of both widths: known answers, and the base library on random messages.
/// </summary>
public sealed class ShortHmacTests
{
    // RFC 4231, 4.2 to 4.6: key, data, and the first 128 bits of HMAC-SHA-256. 4.7 and 4.8 have longer keys.
    public static TheoryData<string, string, string> KnownAnswers => new()
    {
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b" },
        { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "5bdcc146bf60754e6a042426089575c7" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Repeat("dd", 50), "773ea91e36800e46854db8ebd09181a7" },
        { "0102030405060708090a0b0c0d0e0f10111213141516171819", Repeat("cd", 50), "82558a389a443c0ea4cc819899f2083a" },
        { "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b" },
    };

    [Theory]
    [MemberData(nameof(KnownAnswers))]
    public void Known_answers_hold_in_every_lane(string key, string data, string expected)
    {
        foreach (var isWide in new[] { true, false })
        {
            var hmac = new ShortHmac(Convert.FromHexString(key), isWide);
            for (var lane = 0; lane < ShortHmac.Lanes; lane++)
            {
                hmac.SetMessage(lane, Convert.FromHexString(data));
            }
            hmac.Compute();
            Assert.All(Enumerable.Range(0, ShortHmac.Lanes), lane => Assert.Equal(expected, Read(hmac, lane)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Random_messages_of_every_size_have_the_result_of_the_base_library(bool isWide)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var key = new byte[random.Next(65)];
            random.NextBytes(key);
            var hmac = new ShortHmac(key, isWide);
            // Later batches of one instance must not see what earlier ones left.
            for (var batch = 0; batch < 3; batch++)
            {
                var messages = Enumerable.Range(0, ShortHmac.Lanes)
                    .Select(_ => RandomNumberGenerator.GetBytes(random.Next(ShortHmac.MaxSize + 1))).ToList();
                foreach (var (lane, message) in messages.Index())
                {
                    hmac.SetMessage(lane, message);
                }
                hmac.Compute();
                foreach (var (lane, message) in messages.Index())
                {
                    var expected = Convert.ToHexStringLower(HMACSHA256.HashData(key, message).AsSpan(0, 16));
                    Assert.True(expected == Read(hmac, lane), $"seed {seed}, round {round}, lane {lane}, {message.Length} bytes");
                }
            }
        }
    }

    [Fact]
    public void Tags_of_lanes_are_those_of_single_identifiers_and_an_empty_lane_has_none()
    {
        var matchKey = RandomNumberGenerator.GetBytes(32);
        var lanes = new TagLanes(matchKey, IdentifierKind.Composite);
        for (var round = 0; round < Identifiers.MaxSize; round += TagLanes.Count)
        {
            // One of four identifiers has letters of two bytes, and one of five is missing.
            string Text(int lane) => lane % 5 == 4 ? "" : new string(lane % 4 == 3 ? 'ü' : 'u', round + lane + 1);
            for (var lane = 0; lane < TagLanes.Count; lane++)
            {
                lanes.Set(lane, Text(lane));
            }
            lanes.Compute();
            for (var lane = 0; lane < TagLanes.Count; lane++)
            {
                Tag? expected = lane % 5 == 4 ? null : Identifiers.Tag(matchKey, IdentifierKind.Composite, Text(lane));
                Assert.Equal(expected, lanes.Read(lane));
            }
        }
    }

    private static string Repeat(string hex, int count) => new StringBuilder().Insert(0, hex, count).ToString();

    private static string Read(ShortHmac hmac, int lane)
    {
        var (first, second) = hmac.ReadResult(lane);
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, first);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), second);
        return Convert.ToHexStringLower(bytes);
    }
}

using Guardian.Cli.Commands.Rooms;
using Guardian.Cli.Output;

namespace Guardian.Cli.Tests;

/// <summary>The words about an upload.</summary>
public sealed class RoomUploadResultTests
{
    [Fact]
    public void Hashes_in_a_room_of_clear_text_are_a_warning_and_clear_text_is_none()
    {
        Assert.Contains(Result(40, 7).ToLines(), line => line.StartsWith(
            "WARNING: 7 rows with a hash where the contract says clear text", StringComparison.Ordinal));
        Assert.DoesNotContain(Result(40, 0).ToLines(), line => line.Contains("WARNING", StringComparison.Ordinal));
    }

    [Fact]
    public void One_person_is_no_plural()
    {
        Assert.StartsWith("campaign: 1 person from 1 row", Result(1, 0).ToLines().First(), StringComparison.Ordinal);
        Assert.StartsWith("campaign: 2,000 persons from 2,000 rows", Result(2_000, 0).ToLines().First(), StringComparison.Ordinal);
        Assert.Equal(["1 entry", "0 entries"], new[] { Format.Count(1, "entry", "entries"), Format.Count(0, "entry", "entries") });
    }

    private static RoomUploadResult Result(int persons, int hashed) => new(
        "campaign", "v", "d", null, persons, persons, persons, 0, 0, 0, hashed, 0, 0, 0, 0, 0, [], 1, 0, 100);
}

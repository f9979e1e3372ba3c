using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.CleanRoom.Base;

/// <summary>
/// Writes JSON whose size does not depend on its figures. The host sees the size of every message and file, so it follows from the widest
/// value that could be in its place; spaces behind the JSON fill the rest.
/// </summary>
public static class PaddedJson
{
    /// <summary>A floating-point number with the longest text that JSON numbers have here: 24 characters.</summary>
    internal const double WidestDouble = -2.2250738585072014E-308;

    /// <summary>Writes a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="widest">The widest value that could be in its place; computed from public facts alone.</param>
    /// <param name="type">Its JSON.</param>
    /// <returns>UTF-8, as long as the JSON of <paramref name="widest"/>.</returns>
    /// <exception cref="InvalidOperationException">The value is wider: a bug.</exception>
    public static byte[] Write<T>(T value, T widest, JsonTypeInfo<T> type) => Write(value, SizeOf(widest, type), type);

    /// <summary>Writes a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="size">The size, in bytes.</param>
    /// <param name="type">Its JSON.</param>
    /// <returns>UTF-8.</returns>
    /// <exception cref="InvalidOperationException">The value is wider: a bug.</exception>
    internal static byte[] Write<T>(T value, long size, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        if (json.Length > size)
        {
            throw new InvalidOperationException($"the JSON of a {typeof(T).Name} is longer than its widest value");
        }
        var padded = new byte[size];
        json.CopyTo(padded, 0);
        padded.AsSpan(json.Length).Fill((byte)' ');
        return padded;
    }

    /// <summary>Computes the size of a value's JSON, in bytes.</summary>
    internal static int SizeOf<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type).Length;
}

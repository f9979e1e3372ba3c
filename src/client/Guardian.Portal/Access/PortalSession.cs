using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Portal.Access;

/// <summary>The one browser that is let in. A new link replaces it, and it ends when nobody uses it for a while. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="idleLimit">The time without a request of the user after which the session ends.</param>
/// <param name="onEnd">Called when a session ends: keys leave the memory.</param>
internal sealed class PortalSession(TimeProvider time, TimeSpan idleLimit, Action onEnd)
{
    private const int Size = 32;

    private readonly Lock guard = new();
    private byte[]? cookie;
    private long lastUse;

    /// <summary>The value that each form carries, so that only pages of this session can send one.</summary>
    public string FormToken { get; private set; } = "";

    /// <summary>Begins a session in place of the one before.</summary>
    /// <returns>The value of its cookie.</returns>
    public string Begin()
    {
        End();
        var value = Draw();
        lock (guard)
        {
            (cookie, FormToken, lastUse) = (Encoding.ASCII.GetBytes(value), Draw(), time.GetTimestamp());
        }
        return value;
    }

    /// <summary>Checks the cookie of a request.</summary>
    /// <param name="values">All values with the cookie's name; another program on this machine may have set more.</param>
    /// <param name="isUse">Whether the request shows that somebody is there; a page that reloads itself does not.</param>
    public bool Admits(IEnumerable<string> values, bool isUse)
    {
        bool isOver;
        lock (guard)
        {
            if (cookie is null)
            {
                return false;
            }
            isOver = time.GetElapsedTime(lastUse) > idleLimit;
            if (!isOver)
            {
                if (!values.Any(value => IsSame(value, cookie)))
                {
                    return false;
                }
                lastUse = isUse ? time.GetTimestamp() : lastUse;
                return true;
            }
        }
        End();
        return false;
    }

    /// <summary>Whether a form carries this session's value.</summary>
    public bool AcceptsForm(string? value) => FormToken.Length > 0 && IsSame(value ?? "", Encoding.ASCII.GetBytes(FormToken));

    /// <summary>Ends the session if nobody used it for the limit.</summary>
    public void EndIfIdle() => Admits([], isUse: false);

    /// <summary>Ends the session.</summary>
    public void End()
    {
        bool was;
        lock (guard)
        {
            was = cookie is not null;
            (cookie, FormToken) = (null, "");
        }
        if (was)
        {
            onEnd();
        }
    }

    private static bool IsSame(string value, byte[] expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value), expected);

    private static string Draw() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Access;

/// <summary>The one-time code of the link that makes the first user. A new one at each start, good for a day, and for nothing once there is a user.</summary>
internal sealed class SetUpCode(AccessDirectory directory, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private readonly string value = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    private readonly DateTimeOffset until = time.GetUtcNow() + Lifetime;

    /// <summary>For the link that the command line prints; null when there are users.</summary>
    public string? Value => IsOpen ? value : null;

    public bool IsOpen => directory.Users.Count == 0 && time.GetUtcNow() < until;

    public bool IsCode(string candidate) => IsOpen && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(candidate), Encoding.UTF8.GetBytes(value));
}

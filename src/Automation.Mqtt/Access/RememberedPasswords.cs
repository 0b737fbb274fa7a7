using System.Security.Cryptography;

namespace Automation.Mqtt.Access;

/// <summary>Passwords that were right, as keyed hashes, so that clients which come back cost little. Counts as long as the stored hash is the same.</summary>
internal sealed class RememberedPasswords(int maximum)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Dictionary<string, (PasswordHash Stored, byte[] Mac)> _users = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private readonly Lock _lock = new();

    public bool Knows(string userName, ReadOnlySpan<byte> password, PasswordHash stored)
    {
        (PasswordHash Stored, byte[] Mac) remembered;
        lock (_lock)
        {
            if (!_users.TryGetValue(userName, out remembered))
                return false;
        }

        return remembered.Stored.IsSameAs(stored) && CryptographicOperations.FixedTimeEquals(remembered.Mac, HMACSHA256.HashData(_key, password));
    }

    public void Add(string userName, ReadOnlySpan<byte> password, PasswordHash stored)
    {
        if (maximum <= 0)
            return;
        var mac = HMACSHA256.HashData(_key, password);
        lock (_lock)
        {
            if (!_users.ContainsKey(userName))
            {
                if (_order.Count >= maximum)
                    _users.Remove(_order.Dequeue());
                _order.Enqueue(userName);
            }

            _users[userName] = (stored, mac);
        }
    }
}

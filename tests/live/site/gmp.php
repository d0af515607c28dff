<?php
// Stand-in on bcmath for the functions of PHP's extension gmp that phpIPAM calls: PHP for WebAssembly has no gmp.
//
// A number is a decimal string instead of an object. As in PHP 7.4, what is not an integer is a warning and false.

/** Returns the decimal text of a number; false, with a warning, for another value. */
function gmp_number_text($value, $function, $base = 0) {
    if (is_int($value) || is_bool($value)) {
        return (string) (int) $value;
    }
    if (is_string($value) && preg_match('/^\s*(-?)0*([0-9]+)\s*$/', $value, $parts) && ($base === 0 || $base === 10)) {
        return $parts[2] === '0' ? '0' : $parts[1] . $parts[2];
    }
    $digits = $value;
    if ($base === 0 && is_string($value) && preg_match('/^0([xb])(.+)$/i', $value, $parts)) {
        $base = strtolower($parts[1]) === 'x' ? 16 : 2;
        $digits = $parts[2];
    }
    if ($base === 16 && is_string($digits) && ctype_xdigit($digits)) {
        return gmp_number_of_bytes(hex2bin(strlen($digits) % 2 ? '0' . $digits : $digits));
    }
    if ($base === 2 && is_string($digits) && preg_match('/^[01]+$/', $digits)) {
        $bytes = '';
        foreach (str_split(str_pad($digits, (int) ceil(strlen($digits) / 8) * 8, '0', STR_PAD_LEFT), 8) as $bits) {
            $bytes .= chr(bindec($bits));
        }
        return gmp_number_of_bytes($bytes);
    }
    $reason = is_string($value) ? 'string is not an integer' : 'wrong type';
    trigger_error("$function(): Unable to convert variable to GMP - $reason", E_USER_WARNING);
    return false;
}

/** Returns the number with these bytes, the highest first. */
function gmp_number_of_bytes($bytes) {
    $number = '0';
    // Four bytes at a time are an integer of PHP.
    $bytes = str_pad($bytes, (int) ceil(strlen($bytes) / 4) * 4, "\0", STR_PAD_LEFT);
    foreach (unpack('N*', $bytes) as $limb) {
        $number = bcadd(bcmul($number, '4294967296', 0), (string) $limb, 0);
    }
    return $number;
}

/** Returns the bytes of a number that is not negative, the highest first, in groups of four. */
function gmp_bytes_of_number($number) {
    $bytes = '';
    while (strlen($number) > 18) {
        $bytes = pack('N', (int) bcmod($number, '4294967296', 0)) . $bytes;
        $number = bcdiv($number, '4294967296', 0);
    }
    return pack('J', (int) $number) . $bytes;
}

/** Applies a function to the texts of numbers; false if one is none. */
function gmp_numbers($function, array $values, callable $apply) {
    $numbers = [];
    foreach ($values as $value) {
        $number = gmp_number_text($value, $function);
        if ($number === false) {
            return false;
        }
        $numbers[] = $number;
    }
    return $apply(...$numbers);
}

/** Applies an operation to the bytes of two numbers. */
function gmp_bitwise($function, $a, $b, callable $apply) {
    return gmp_numbers($function, [$a, $b], function ($a, $b) use ($function, $apply) {
        if ($a[0] === '-' || $b[0] === '-') {
            throw new LogicException("$function: the stand-in has no bits of negative numbers");
        }
        [$a, $b] = [gmp_bytes_of_number($a), gmp_bytes_of_number($b)];
        $length = max(strlen($a), strlen($b));
        $pad = function ($bytes) use ($length) { return str_pad($bytes, $length, "\0", STR_PAD_LEFT); };
        return gmp_number_of_bytes($apply($pad($a), $pad($b)));
    });
}

function gmp_init($number, $base = 0) {
    return gmp_number_text($number, __FUNCTION__, $base);
}

function gmp_strval($number, $base = 10) {
    $number = gmp_number_text($number, __FUNCTION__);
    if ($number === false || $base === 10) {
        return $number;
    }
    if ($base !== 16 || $number[0] === '-') {
        throw new LogicException(__FUNCTION__ . ': the stand-in has the bases 10 and 16');
    }
    $hex = ltrim(bin2hex(gmp_bytes_of_number($number)), '0');
    return $hex === '' ? '0' : $hex;
}

function gmp_add($a, $b) {
    return gmp_numbers(__FUNCTION__, [$a, $b], function ($a, $b) { return bcadd($a, $b, 0); });
}

function gmp_sub($a, $b) {
    return gmp_numbers(__FUNCTION__, [$a, $b], function ($a, $b) { return bcsub($a, $b, 0); });
}

function gmp_pow($base, $exponent) {
    return gmp_numbers(__FUNCTION__, [$base, $exponent], function ($base, $exponent) { return bcpow($base, $exponent, 0); });
}

function gmp_cmp($a, $b) {
    return gmp_numbers(__FUNCTION__, [$a, $b], function ($a, $b) { return bccomp($a, $b, 0); });
}

function gmp_and($a, $b) {
    return gmp_bitwise(__FUNCTION__, $a, $b, function ($a, $b) { return $a & $b; });
}

function gmp_or($a, $b) {
    return gmp_bitwise(__FUNCTION__, $a, $b, function ($a, $b) { return $a | $b; });
}

function gmp_xor($a, $b) {
    return gmp_bitwise(__FUNCTION__, $a, $b, function ($a, $b) { return $a ^ $b; });
}

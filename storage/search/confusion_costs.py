"""What misreadings cost, written by bench/search/lessons.py: 72 drawn pages of 33,613 words."""

COSTS = """
->i 1.75 ->l 1.92 0>d 1.39 0>n 1.39 0>o 1.13 04>m 1.22 1>i 1.02 1>l 1.02 18>0r 1.22 2>z 1.06 30>an 1.22
5>s 0.97 6>g 0.97 6>s 1.22 8>b 0.97 8>r 1.22 8>u 1.22 81>b 1.22 9>g 0.98 a>- 1.47 a>e 1.37 a>i 1.38 a>li
1.85 a>m 1.72 a>o 1.45 a>r 1.85 a>s 1.39 a>u 1.25 ab>en 1.29 al>i 1.38 ao>s 1.22 ar>is 1.25 ar>sw 1.25
ar>un 1.25 at>ei 1.18 at>en 1.31 at>h 1.31 at>or 1.31 au>r 1.48 b>- 1.34 b>8 1.43 b>d 1.38 b>e 1.69 b>g
1.69 b>h 0.71 b>is 1.69 b>k 1.48 b>l 1.48 b>li 1.69 b>n 1.38 b>p 1.48 b>pu 1.69 b>r 1.48 b>s 1.42 b>t
1.56 b>ti 1.69 b>u 1.69 be>as 1.59 be>ft 1.59 be>h 1.59 be>ia 1.59 be>lu 1.59 be>pa 1.59 be>u 1.59 be>w
1.59 bi>hl 1.22 bi>ir 1.22 bi>ls 1.22 bi>sa 1.22 bz>ha 1.22 c>- 1.48 c>d 1.29 c>e 1.19 c>f 1.69 c>g 1.21
c>i 1.56 c>n 1.69 c>o 1.43 c>r 1.42 c>t 1.48 ch>en 1.67 ch>l 1.67 ch>rk 1.67 ck>dk 0.97 cl>d 0.97 d>-
1.26 d>a 1.67 d>b 1.54 d>c 1.8 d>ch 1.8 d>cl 1.55 d>e 1.5 d>el 1.67 d>f 1.67 d>g 1.21 d>h 1.8 d>i 1.6
d>if 1.67 d>ik 1.8 d>il 1.46 d>it 1.8 d>j 1.6 d>l 1.4 d>n 1.67 d>o 1.67 d>q 1.8 d>r 1.8 d>rf 1.67 d>ri
1.8 d>rl 1.6 d>sl 1.8 d>st 1.8 d>t 1.32 d>ti 1.54 d>tl 1.46 d>u 1.6 d>ut 1.8 d>v 1.8 d>w 1.8 de>us 1.66
di>ch 1.47 di>rh 1.47 di>th 1.47 dr>s 1.22 ds>na 1.22 e>- 1.37 e>a 1.32 e>c 1.45 e>f 1.75 e>k 1.75 e>o
1.42 e>p 1.92 e>r 1.56 e>s 1.5 e>u 1.54 e>v 1.63 e>w 1.79 ei>ar 1.64 ei>at 1.64 ei>ij 1.64 ei>in 1.64
ei>la 1.64 ei>o 1.64 ei>ot 1.64 ei>ta 1.64 ei>ul 1.64 el>af 1.35 el>ci 1.35 el>df 1.35 el>di 1.35 el>ii
1.35 el>ot 1.35 en>as 1.75 en>at 1.75 en>ch 1.62 en>mm 1.75 en>sa 1.75 en>ua 1.75 ep>an 1.22 er>a 1.75
er>ct 1.75 er>in 1.75 er>os 1.75 er>ra 1.75 et>or 1.37 f>- 1.1 f>d 1.6 f>h 1.6 f>i 1.02 f>j 1.47 f>k 1.6
f>l 0.96 f>p 1.6 f>t 0.78 f>u 1.6 fg>li 1.22 fi>h 0.97 fl>li 1.22 fl>r 1.22 fl>ss 1.22 fr>k 1.22 fr>t
1.22 ft>i 1.24 ft>li 1.24 ft>n 1.24 ft>ti 1.03 g>- 1.26 g>6 1.14 g>9 1.52 g>a 1.47 g>aa 1.78 g>b 1.57 g>d
1.65 g>e 1.52 g>it 1.78 g>j 1.65 g>ji 1.78 g>l3 1.78 g>n 1.52 g>o 1.65 g>p 1.65 g>q 1.48 g>s 1.26 g>t
1.78 g>ti 1.78 g>u 1.65 g>uu 1.78 g>y 1.26 g>z 1.78 ga>am 1.22 ge>fu 1.62 ge>t 1.62 gn>m 1.22 h>- 1.52
h>a 1.79 h>b 1.15 h>fi 1.42 h>i 1.79 h>it 1.79 h>k 1.24 h>l 1.79 h>li 1.39 h>ll 1.79 h>m 1.79 h>n 1.17
h>r 1.79 h>ss 1.79 h>t 1.66 h>ti 1.79 hi>b 1.22 hi>l 1.22 hl>ni 1.22 hl>nt 1.22 hl>ti 1.22 hn>nd 1.22
ht>in 1.28 ht>k 1.41 i>- 1.01 i>1 1.6 i>2 1.9 i>a 1.53 i>e 1.77 i>g 1.9 i>h 1.77 i>j 1.44 i>l 1.11 i>n
1.9 i>r 1.41 i>s 1.53 i>t 1.29 i>u 1.69 i>x 1.9 i>y 1.69 ic>a 1.52 ic>k 1.52 id>hl 1.22 id>n 1.22 ie>a
1.57 ie>ar 1.57 ig>u 1.4 ih>hu 1.22 ii>n 0.97 ii>u 0.97 il>n 1.22 in>je 1.57 in>m 1.15 in>nt 1.57 in>se
1.57 in>te 1.57 io>te 1.22 is>lu 1.46 is>ly 1.46 it>e 1.45 it>h 1.45 it>k 1.45 it>l 1.45 it>n 1.14 it>r
1.45 it>u 1.32 it>y 1.45 iu>e 1.22 iw>ma 1.22 j>1 1.22 j>3 1.22 j>i 0.88 j>l 1.09 k>f 1.52 k>h 1.27 k>n
1.52 l>- 0.96 l>1 1.47 l>b 1.73 l>e 1.6 l>f 1.13 l>h 1.6 l>i 0.67 l>j 1.6 l>k 1.31 l>kr 1.73 l>r 1.6 l>s
1.6 l>t 0.79 l>ta 1.73 l>w 1.73 la>b 1.35 la>i 1.35 la>ti 1.35 lb>ft 1.22 lb>ih 1.22 lb>th 1.22 ld>ic
1.22 ld>kt 1.22 le>i 1.36 le>ia 1.36 le>ic 1.23 le>io 1.36 le>iv 1.36 le>o 1.36 lf>i 1.22 lf>it 1.22 lf>n
1.22 lg>i6 1.22 li>a 1.37 li>b 1.37 li>g 1.37 li>h 1 li>ia 1.37 li>is 1.37 li>iz 1.37 li>k 1.07 li>n 1.37
li>r 1.37 li>s 1.37 li>u 1.37 ll>a 1.31 ll>fi 1.18 ll>h 1.31 ll>i 1.04 ll>ii 1.1 ll>it 1.31 ll>r 1.31
ll>ss 1.31 ll>ti 1.04 ll>tj 1.31 ll>tt 1.04 lo>iu 1.22 lr>h 1.09 lt>f 1.35 lt>h 0.82 lt>iz 1.35 lt>k 0.88
lt>ti 1.14 lu>ii 1.22 m>- 1.21 m>a 1.66 m>al 1.66 m>b 1.66 m>f 1.66 m>h 1.39 m>i 1.53 m>in 1.21 m>k 1.31
m>n 0.8 m>ni 1.18 m>nn 1.4 m>nt 1.66 m>on 1.66 m>r 1.45 m>ra 1.66 m>rn 1.2 m>s 1.53 m>si 1.66 m>sl 1.66
m>ti 1.66 m>tp 1.66 m>w 1.39 m>y 1.53 me>nw 1.35 mi>in 1.29 mi>n 1.29 mi>nu 1.29 mi>ra 1.29 mm>nn 1.22
mt>nn 1.22 n>- 1.26 n>a 1.55 n>d 1.82 n>fi 1.82 n>h 1.3 n>i 1.64 n>ii 1.69 n>is 1.82 n>k 1.74 n>m 1.38
n>o 1.74 n>p 1.64 n>r 1.14 n>ri 1.28 n>rt 1.82 n>s 1.37 n>si 1.82 n>t 1.55 n>ti 1.74 n>u 1.53 n>w 1.69
na>au 1.34 nd>l 1.56 nd>ri 1.56 nd>uc 1.56 nd>wl 1.56 ne>a 1.44 ng>is 1.54 ng>mi 1.54 ni>a 1.32 ni>el
1.32 ni>m 1.07 ni>mu 1.32 ni>ra 1.19 ni>su 1.32 nl>t 1.22 nn>m 0.96 nn>mm 1.26 nt>i 1.43 nt>m 1.12 nt>mi
1.43 nt>r 1.22 nt>rs 1.43 nu>ui 1.22 nu>we 1.22 nv>rw 0.92 nw>mv 1.22 o>- 1.18 o>0 1.3 o>6 1.51 o>a 0.77
o>c 1.38 o>e 0.98 o>fi 1.64 o>g 1.51 o>ie 1.64 o>n 1.33 o>p 1.64 o>ri 1.64 o>s 1.43 o>u 0.96 o>us 1.64
o>y 1.64 oc>ur 1.22 oj>ug 1.22 ol>bi 1.22 ol>ni 1.22 om>ip 1.22 on>ch 1.3 on>i 1.3 on>np 1.3 or>em 1.39
or>nt 1.39 or>un 1.39 ot>ei 1.22 p>b 1.37 p>d 1.37 p>f 1.16 p>h 1.37 p>k 1.37 p>n 1.1 p>or 1.37 pf>gi
1.22 pr>jt 1.22 q>g 0.97 r>- 1.11 r>b 1.89 r>c 1.89 r>e 1.41 r>f 1.76 r>i 1.26 r>j 1.89 r>k 1.68 r>m 1.89
r>n 1.31 r>o 1.89 r>s 1.36 r>t 1.06 r>v 1.63 r>w 1.89 r>y 1.76 r>z 1.49 ra>in 1.4 ra>ts 1.4 re>mu 1.47
re>ni 1.47 re>sc 1.47 re>su 1.47 rf>h 1.22 rh>m 1.22 ri>a 1.11 ri>n 0.69 ri>u 1.19 rl>f 1.22 rl>n 1.02
rm>nn 1.22 rm>on 1.22 rn>m 0.69 ro>id 1.22 ro>m 1.22 rr>n 1.09 rs>n 1.33 rt>in 1.28 rt>m 1.28 rt>n 0.59
rt>u 1.28 ru>ni 0.95 ru>s 1.32 ru>za 1.32 rw>ns 1.22 rw>nv 0.88 s>- 1.25 s>5 1.47 s>a 1.47 s>e 1.6 s>g
1.6 s>n 1.66 s>r 1.73 s>t 1.86 s>x 1.86 s>y 1.66 s>z 1.66 sb>eh 1.22 se>i 1.46 sk>kz 1.22 ss>8 1.11 ss>b
1.11 ss>f 1.37 ss>k 1.24 ss>lt 1.37 ss>r 1.24 st>ii 1.57 t>- 0.94 t>1 1.87 t>a 1.87 t>c 1.61 t>e 1.36 t>f
1.28 t>g 1.87 t>h 1.87 t>i 0.93 t>ig 1.87 t>il 1.87 t>j 1.87 t>k 1.61 t>l 1.22 t>m 1.87 t>n 1.45 t>p 1.87
t>r 1.05 t>rz 1.87 t>s 1.67 t>ss 1.87 t>u 1.67 t>w 1.74 t>we 1.87 t>y 1.74 t>z 1.61 ta>in 1.34 ta>uc 1.34
ta>w 1.34 ta>zu 1.34 te>a 1.58 te>ei 1.58 te>er 1.58 te>i 1.58 te>ic 1.58 te>io 1.45 te>sc 1.58 te>w 1.45
tf>d 1.22 th>in 1.22 ti>a 0.87 ti>d 1.19 ti>e 1.19 ti>f 1.32 ti>ll 1.32 ti>n 1.01 ti>o 1.19 ti>s 1.32
ti>ss 1.19 ti>u 0.76 tl>d 0.96 tl>e 1.22 tl>i 1.22 tl>ii 1.22 tn>i 1.22 tn>m 1.02 tn>ss 1.22 tn>u 1.22
tr>b 1.31 tr>g 1.31 tr>is 1.31 tr>n 1.31 tr>u 1.1 tr>vi 1.31 tr>w 0.85 ts>si 1.32 ts>w 1.32 tt>k 1.22
tt>n 0.88 tt>u 0.97 tu>i 1.22 tu>ui 1.22 tu>up 1.22 tu>w 1.22 tv>rw 1.22 tz>g 1.22 u>- 1.34 u>a 1.13 u>at
1.81 u>b 1.61 u>e 1.35 u>g 1.69 u>gt 1.81 u>i 1.13 u>ii 1.44 u>ir 1.81 u>it 1.81 u>l 1.61 u>li 1.35 u>n
1.29 u>o 1.47 u>s 1.61 u>t 1.61 u>ti 1.51 u>w 1.81 u>y 1.61 ub>n 1.22 uc>ar 1.22 uf>at 1.32 uf>id 1.32
uf>ni 1.32 uf>yl 1.32 ul>e 1.22 un>as 1.61 un>im 1.35 un>m 1.61 un>ns 1.61 un>sa 1.61 ur>1s 1.4 ur>en 1.4
ur>i 1.4 ur>in 1.4 ur>nt 1.4 ur>ra 1.4 us>lg 1.38 us>n 1.38 ut>i 1.22 ut>ti 1.22 ut>w 1.22 v>- 1.37 v>w
1.16 v>y 0.89 ve>ya 1.36 vi>w 1.22 vo>ye 1.35 vo>yu 1.22 vv>w 0.97 w>- 1.23 w>iv 1.28 w>iy 1.53 w>n 1.41
w>nv 1.28 w>p 1.53 w>ru 1.28 w>rv 1.28 w>v 1.33 w>vv 1.28 w>yr 1.53 w>yz 1.53 y>v 0.92 z>2 1.1 z>7 1.54
z>r 1.54 zo>is 1.22
"""
